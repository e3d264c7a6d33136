//! Storage as the stories start it, and what people do with it beside what they do with every shop.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

#[path = "../../../subscriptions/tests/shops/shop.rs"]
mod shop;

use std::net::SocketAddr;

use bytes::Bytes;
use http::Method;
use kit_runtime::Clock;
use kit_service::Service;
use kit_testing::{App, AppBuilder, Client, Fixture, Person, Reply};
use serde_json::{Value, json};
use subscriptions_api::{Subscriptions, SubscriptionsClient};

pub(crate) use self::shop::{Customer, PURCHASES, Shop, check_invariants, instance, soon};
use crate::back_ends::BackEnd;
use crate::subscriptions_double::SubscriptionsDouble;

/// What a plan of the stories may hold.
pub(crate) const QUOTA: u64 = 1_000_000;

impl Shop {
    /// At the time of the machine, against which signatures are held.
    pub(crate) async fn start_now(fixture: &Fixture) -> Self {
        let now = |app: AppBuilder| app.clock(Clock::system());
        Self::start_with(fixture, SubscriptionsDouble::default(), now).await
    }

    /// At the time of the machine, with its objects kept there.
    pub(crate) async fn start_at(fixture: &Fixture, back_end: &BackEnd) -> Self {
        let there = |app: AppBuilder| back_end.set(app.clock(Clock::system()));
        Self::start_with(fixture, SubscriptionsDouble::default(), there).await
    }

    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    /// Where the object store answers.
    pub(crate) async fn s3(&self, person: &Person) -> Client {
        let endpoint = person.client.service().await["endpoint"]
            .as_str()
            .unwrap()
            .to_owned();
        let address: SocketAddr = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        Client::new(address, self.process.lifecycle.tasks())
    }
}

pub(crate) fn service() -> Service {
    storage::service()
}

/// Storage, not started yet.
pub(crate) fn builder(fixture: &Fixture, subscriptions: impl Subscriptions) -> AppBuilder {
    App::of(fixture, service())
        .peer(SubscriptionsClient::loopback(subscriptions))
        .set("storage.s3_listen", "127.0.0.1:0")
        .set("storage.adapter_poll", "100ms")
}

/// A plan as an admin describes it.
pub(crate) fn plan(sku: &str) -> Value {
    json!({
        "sku": sku, "name": "Small", "price": { "amount_minor": 499, "currency": "USD" }, "duration_days": 30,
        "quota_bytes": QUOTA,
    })
}

/// Signs an address for an object of somebody's.
pub(crate) async fn presign(owner: &Client, method: &str, key: &str) -> Reply {
    let asked = json!({ "method": method, "key": key, "expires_in": 600 });
    owner.post("/service/presign", &asked).await
}

/// Writes to a signed address.
pub(crate) async fn put(s3: &Client, presigned: &Value, text: &str) -> Reply {
    let body = Bytes::from(text.to_owned());
    s3.send_raw(Method::PUT, &target(presigned), Some("text/plain"), body)
        .await
}

/// The path and query of a signed address.
pub(crate) fn target(presigned: &Value) -> String {
    let url = presigned["url"].as_str().unwrap();
    let (_, rest) = url.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}
