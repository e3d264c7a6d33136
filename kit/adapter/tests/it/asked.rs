//! Requests of the protocol in so many words.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use bytes::Bytes;
use http::Method;
use kit_testing::{Client, Reply};
use serde_json::{Value, json};

use crate::fixture::Host;

/// Whoever speaks the protocol, with a password.
pub(crate) struct Platform(Client);

impl Platform {
    pub(crate) fn of(host: &Host) -> Self {
        let client = host.process.client(host.address);
        Self(
            client
                .with("authorization", "Basic c3RvYTpzZWNyZXQ=")
                .with("x-broker-api-version", "2.17"),
        )
    }

    /// The same, with another header.
    pub(crate) fn with(host: &Host, name: &'static str, value: &'static str) -> Self {
        Self(Self::of(host).0.with(name, value))
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Reply {
        self.send_raw(method, path, Bytes::from(body.to_string())).await
    }

    pub(crate) async fn send_raw(&self, method: Method, path: &str, body: Bytes) -> Reply {
        self.0
            .send_raw(method, path, Some("application/json"), body)
            .await
    }

    pub(crate) async fn put(&self, id: &str, body: Value) -> Reply {
        let path = format!("/v2/service_instances/{id}?accepts_incomplete=true");
        self.send(Method::PUT, &path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.0.get(path).await
    }

    pub(crate) async fn delete(&self, id: &str) -> Reply {
        let path = format!("/v2/service_instances/{id}?accepts_incomplete=true&{NAMES}");
        self.0.delete(&path).await
    }

    pub(crate) async fn delete_at(&self, path: &str) -> Reply {
        self.0.delete(path).await
    }
}

/// The query that names service and plan.
pub(crate) const NAMES: &str = "service_id=shelf&plan_id=SMALL";

/// What asks for an instance.
pub(crate) fn provision_body() -> Value {
    json!({
        "service_id": "shelf", "plan_id": "SMALL", "organization_guid": "ignored",
        "context": { "platform": "stoa", "user_id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "username": "ada", "more": true },
        "parameters": { "sku": "SMALL", "price": { "amount_minor": 499, "currency": "USD" }, "duration_days": 30 },
    })
}

/// The same with a member set.
pub(crate) fn provision_body_with(member: &str, value: Value) -> Value {
    let mut body = provision_body();
    body.as_object_mut().unwrap().insert(member.to_owned(), value);
    body
}
