//! A session as its client holds it, and what stories do with one.

use std::time::Duration;

use http::Method;
use kit_testing::{Client, Reply, eventually};
use kit_token::{FeedHealth, Verifier};
use serde_json::{Value, json};

use crate::app::{AuthApp, PASSWORD};

/// Makes a first admin with the usual password.
pub(crate) const ADMIN: [(&str, &str); 3] = [
    ("auth.admin.username", "root"),
    ("auth.admin.email", "root@example.com"),
    ("auth.admin.password", PASSWORD),
];

/// What a client knows of its session.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) user_id: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
}

impl Held {
    /// What a sign-in or a refresh answered.
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        Self {
            user_id: text("user_id"),
            token: text("token"),
            refresh: text("refresh_token"),
        }
    }

    /// The session's name.
    pub(crate) fn session_id(&self) -> String {
        crate::app::part(&self.token, 1)["sid"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

impl AuthApp {
    /// Registers somebody and signs them in.
    pub(crate) async fn begin(&self, username: &str) -> Held {
        Held::of(&self.sign_up(username).await)
    }

    /// Signs somebody in with the usual password.
    pub(crate) async fn begin_again(&self, username: &str) -> Held {
        Held::of(&self.log_in(username, PASSWORD).await.expect(200))
    }

    /// A client that sends this session's access token.
    pub(crate) fn of(&self, held: &Held) -> Client {
        self.client().with_token(&held.token)
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Reply {
        let body = json!({ "refresh_token": refresh_token });
        self.client().post("/refresh", &body).await
    }

    /// Refreshes, and gives what the client holds then.
    pub(crate) async fn go_on(&self, held: &Held) -> Held {
        Held::of(&self.refresh(&held.refresh).await.expect(200))
    }

    pub(crate) async fn change_password(&self, held: &Held, current: &str, new: &str) -> Reply {
        let body = json!({ "current_password": current, "new_password": new });
        self.of(held).post("/password", &body).await
    }

    pub(crate) async fn patch_account(&self, admin: &Held, user_id: &str, patch: Value) -> Reply {
        let route = format!("/admin/accounts/{user_id}");
        self.of(admin).send(Method::PATCH, &route, Some(&patch)).await
    }

    /// The session goes on: its access token is taken and its refresh token has a successor.
    pub(crate) async fn assert_lives(&self, held: &Held) -> Held {
        self.me(&held.token).await.expect(200);
        self.go_on(held).await
    }

    /// A refresh gives these roles.
    pub(crate) async fn assert_lives_with(&self, held: &Held, roles: &[&str]) -> Held {
        let answer = self.refresh(&held.refresh).await.expect(200);
        assert_eq!(answer["roles"], json!(roles));
        let held = Held::of(&answer);
        assert_eq!(self.me(&held.token).await.expect(200)["roles"], json!(roles));
        held
    }

    /// Nothing of the session is taken any more.
    pub(crate) async fn assert_dead(&self, held: &Held) {
        self.me(&held.token)
            .await
            .expect_error(401, "Invalid or expired token");
        self.validate(&held.token)
            .await
            .expect_error(401, "Invalid or malformed token");
        self.refresh(&held.refresh)
            .await
            .expect_error(401, "Invalid refresh token");
    }

    /// As [`feed_refreshed`], of auth's own verifier. Admins are not heard before, where the time made a leap.
    pub(crate) async fn feed_refreshed(&self) {
        feed_refreshed(&self.verifier).await;
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.process.time.advance(span);
    }
}

/// Returns once a verifier has heard the feed at the present time.
pub(crate) async fn feed_refreshed(verifier: &Verifier) {
    let now = FeedHealth::Fresh(Duration::ZERO);
    let refreshed = async || (verifier.revocations().health() == now).then_some(());
    eventually("the feed is heard", refreshed).await;
}

/// The identifiers in a list's page.
pub(crate) fn column<'p>(page: &'p Value, member: &str) -> Vec<&'p str> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item[member].as_str().unwrap()).collect()
}
