//! People who sign up.

use kit_runtime::Ids;
use serde_json::{Value, json};

use crate::Client;

/// Everybody's password.
pub const PASSWORD: &str = "correct-horse-battery-9";

/// A card that the sandbox charges.
pub const CARD: &str = "4242424242424242";

/// The first admin of every set-up that names one.
pub const ADMIN: &str = "root";

/// Somebody who signed up and in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their id.
    pub id: String,
    /// Their access token.
    pub token: String,
}

impl Person {
    /// Signs somebody new up and in, through the gateway.
    pub fn join(gateway: &Client, name: &str) -> Self {
        let name = fresh(name);
        let made = gateway.post("/api/register", &registration(&name)).expect(200);
        let token = sign_in(gateway, &name);
        let id = made["user_id"].as_str().unwrap_or_default().to_owned();
        Self { name, id, token }
    }

    /// A client signed in as them.
    #[must_use]
    pub fn at(&self, client: &Client) -> Client {
        client.with_token(&self.token)
    }

    /// Makes their profile, through the gateway.
    ///
    /// # Panics
    /// When that is refused.
    pub fn make_profile(&self, gateway: &Client, bio: &str) {
        let made = self.at(gateway).put("/api/profile", &json!({ "bio": bio }));
        assert_eq!(made.expect(200)["user_id"], self.id.as_str());
    }
}

/// A name that nobody has.
#[must_use]
pub fn fresh(name: &str) -> String {
    let random = u64::from_le_bytes(Ids::system().random::<8>());
    format!("{name}_{random:016x}")
}

/// What a registration sends.
#[must_use]
pub fn registration(name: &str) -> Value {
    json!({ "username": name, "email": email(name), "password": PASSWORD })
}

/// The address of somebody with this name.
#[must_use]
pub fn email(name: &str) -> String {
    format!("{name}@example.com")
}

/// What a sign-in sends.
#[must_use]
pub fn credentials(name: &str) -> Value {
    json!({ "username": name, "password": PASSWORD })
}

/// Signs somebody in through the gateway; their access token.
#[must_use]
pub fn sign_in(gateway: &Client, name: &str) -> String {
    let session = gateway.post("/api/login", &credentials(name)).expect(200);
    session["token"].as_str().unwrap_or_default().to_owned()
}
