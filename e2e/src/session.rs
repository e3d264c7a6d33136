//! A session as its owner holds it: the two tokens that a sign-in or a refresh answered with.

use serde_json::{Value, json};

use crate::person::credentials;
use crate::{Client, Reply};

/// The tokens of a session, as of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Session {
    /// Signs somebody in, through the gateway.
    #[must_use]
    pub fn begin(gateway: &Client, name: &str) -> Self {
        Self::of(&gateway.post("/api/login", &credentials(name)).expect(200))
    }

    /// The tokens of an answer.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn of(answer: &Value) -> Self {
        let token = |name: &str| match answer[name].as_str() {
            Some(token) => token.to_owned(),
            None => panic!("no `{name}` in {answer}"),
        };
        Self {
            access: token("token"),
            refresh: token("refresh_token"),
        }
    }

    /// A client signed in with the access token.
    #[must_use]
    pub fn at(&self, client: &Client) -> Client {
        client.with_token(&self.access)
    }

    /// Asks for the successor, through the gateway.
    pub fn try_refresh(&self, gateway: &Client) -> Reply {
        gateway.post("/api/refresh", &self.refresh_request())
    }

    /// The successor.
    #[must_use]
    #[track_caller]
    pub fn refresh(&self, gateway: &Client) -> Self {
        Self::of(&self.try_refresh(gateway).expect(200))
    }

    /// Asks for a successor where there must be none.
    #[track_caller]
    pub fn is_over(&self, gateway: &Client) {
        self.try_refresh(gateway)
            .expect_error(401, "Invalid refresh token");
    }

    /// What asks for the successor.
    #[must_use]
    pub fn refresh_request(&self) -> Value {
        json!({ "refresh_token": self.refresh })
    }
}
