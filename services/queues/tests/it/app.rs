//! Queues as the stories start it.
#[path = "../../../subscriptions/tests/shops/shop.rs"]
mod shop;

use kit_service::Service;
use kit_testing::{App, AppBuilder, Fixture};
use serde_json::{Value, json};
use subscriptions_api::{Subscriptions, SubscriptionsClient};

pub(crate) use self::shop::{Customer, PURCHASES, Shop, check_invariants, instance, soon};
use crate::amqp::{self, Administrator};

impl Shop {
    /// Who sees everything at the broker.
    pub(crate) fn broker(&self) -> Administrator {
        Administrator::new(self.process.lifecycle.tasks())
    }
}

pub(crate) fn service() -> Service {
    queues::service()
}

/// Queues beside the test server, not started yet.
pub(crate) fn builder(fixture: &Fixture, subscriptions: impl Subscriptions) -> AppBuilder {
    let (address, username, password) = amqp::management();
    without_broker(fixture, subscriptions)
        .set("queues.management_url", &format!("http://{address}"))
        .set("queues.management_username", &username)
        .set("queues.management_password", &password)
        .set("queues.public_url", &amqp::public_url())
}

/// Queues where no broker is configured, not started yet.
pub(crate) fn without_broker(fixture: &Fixture, subscriptions: impl Subscriptions) -> AppBuilder {
    App::of(fixture, service())
        .peer(SubscriptionsClient::loopback(subscriptions))
        .set("queues.adapter_poll", "100ms")
}

/// A plan as an admin describes it.
pub(crate) fn plan(sku: &str) -> Value {
    json!({
        "sku": sku, "name": "Small", "price": { "amount_minor": 499, "currency": "USD" }, "duration_days": 30,
        "max_queues": 2, "max_connections": 3, "max_queue_bytes": 1000,
    })
}
