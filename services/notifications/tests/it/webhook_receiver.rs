//! Somebody's server that gets webhooks, and what admins do about it.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_testing::{Fixture, eventually};
use serde_json::{Value, json};

use crate::app::{NotificationsApp, text};
use crate::foreign::Script;

/// What lets webhooks be sent to the receiver, which is on this machine and has no certificate.
pub(crate) const NEAR: [(&str, &str); 2] = [
    ("notifications.webhooks.allow_http", "true"),
    ("notifications.webhooks.allow_private", "true"),
];

/// Every delivery.
pub(crate) const DELIVERIES: &str = "SELECT delivery_id FROM webhook_deliveries";

/// A server that answers as the path of a webhook's address says, and verifies with a library that is not ours.
pub(crate) struct Receiver {
    script: Script,
    port: u64,
}

/// An endpoint of ours at it.
pub(crate) struct Endpoint {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let mut script = Script::start("webhook_receiver.py", &[]);
        let port = script.next().await["port"].as_u64().unwrap();
        Self { script, port }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What comes next: its path, identifier, body, and by which of the secrets it is verified.
    pub(crate) async fn next(&mut self) -> Value {
        self.script.next().await
    }

    /// It knows these secrets from now on, and what time it is.
    pub(crate) async fn trust(&mut self, app: &NotificationsApp, secrets: &[&str]) {
        let known = json!({ "now": app.now().as_seconds(), "secrets": secrets });
        self.script.say(&known).await;
        assert_eq!(self.next().await, json!({ "known": secrets.len() }));
    }

    /// An admin has webhooks of these types sent to a path of it.
    pub(crate) async fn subscribe(&self, app: &NotificationsApp, path: &str, events: &[&str]) -> Endpoint {
        let body = json!({ "url": self.url(path), "events": events });
        let made = app
            .admin()
            .client
            .post("/webhook-endpoints", &body)
            .await
            .expect(201);
        Endpoint {
            path: format!("/webhook-endpoints/{}", text(&made["id"])),
            id: text(&made["id"]),
            secret: text(&made["secret"]),
        }
    }
}

impl Endpoint {
    pub(crate) async fn get(&self, app: &NotificationsApp) -> Value {
        app.admin().client.get(&self.path).await.expect(200)
    }

    /// Its deliveries, the newest first.
    pub(crate) async fn deliveries(&self, app: &NotificationsApp) -> Vec<Value> {
        self.items(app, "deliveries").await
    }

    /// The attempts at it, the newest first.
    pub(crate) async fn attempts(&self, app: &NotificationsApp) -> Vec<Value> {
        self.items(app, "attempts").await
    }

    async fn items(&self, app: &NotificationsApp, list: &str) -> Vec<Value> {
        let path = format!("{}/{list}?limit=100", self.path);
        let listing = app.admin().client.get(&path).await.expect(200);
        listing["items"].as_array().unwrap().clone()
    }

    /// Waits until so many attempts are written; those, the newest first.
    pub(crate) async fn until_tried(&self, app: &NotificationsApp, count: usize) -> Vec<Value> {
        eventually(&format!("{count} attempts"), async || {
            let attempts = self.attempts(app).await;
            (attempts.len() == count).then_some(attempts)
        })
        .await
    }

    /// Waits until its deliveries are this far, the newest first.
    pub(crate) async fn until_states(&self, app: &NotificationsApp, states: &[&str]) {
        eventually(&format!("{states:?}"), async || {
            let deliveries = self.deliveries(app).await;
            let found: Vec<_> = deliveries
                .iter()
                .map(|delivery| text(&delivery["state"]))
                .collect();
            (found == states).then_some(())
        })
        .await;
    }

    /// An admin asks for something that is done to it.
    pub(crate) async fn ask(&self, app: &NotificationsApp, what: &str, body: &Value) -> Value {
        let reply = app
            .admin()
            .client
            .post(&format!("{}/{what}", self.path), body)
            .await;
        assert!(reply.status.is_success(), "{:?}", reply.body);
        reply.json()
    }
}

/// Notifications that may send to this machine, with a receiver there.
pub(crate) async fn start_near(fixture: &Fixture) -> (NotificationsApp, Receiver) {
    start_near_with(fixture, &[]).await
}

pub(crate) async fn start_near_with(
    fixture: &Fixture,
    settings: &[(&str, &str)],
) -> (NotificationsApp, Receiver) {
    let settings = [&NEAR[..], settings].concat();
    let app = NotificationsApp::start_with(fixture, &settings).await;
    (app, Receiver::start().await)
}
