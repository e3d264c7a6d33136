//! Notifications as the stories start it, beside the logs of orders and of auth.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::ops::Deref;

use auth_api::AuthClient;
use kit_event::Event;
use kit_runtime::{Ids, Timestamp};
use kit_testing::{App, AppBuilder, EventLog, Fixture, Person, eventually};
use kit_token::UserId;
use kit_values::{Currency, Money, Quantity};
use orders_api::{OrderId, OrderItem, OrderPaid, OrderShipped, OrdersClient};
use serde_json::Value;

use crate::auth_double::AuthDouble;
use crate::orders_double::OrdersDouble;

/// Every notification.
pub(crate) const NOTIFICATIONS: &str = "SELECT notification_id FROM notifications";

/// Every event that is done with, apart from webhooks.
pub(crate) const DONE: &str = "SELECT event_id FROM inbox WHERE consumer = 'notifications'";

/// Notifications, running, and the services that it follows.
pub(crate) struct NotificationsApp {
    app: App,
    pub(crate) orders: EventLog,
    pub(crate) subscriptions: EventLog,
    pub(crate) auth: EventLog,
    pub(crate) auth_double: AuthDouble,
    pub(crate) orders_double: OrdersDouble,
}

/// What is beside it.
pub(crate) struct Parts {
    orders: EventLog,
    subscriptions: EventLog,
    auth: EventLog,
    auth_double: AuthDouble,
    orders_double: OrdersDouble,
}

impl Deref for NotificationsApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

/// Notifications, not started yet, and what is beside it.
pub(crate) async fn notifications(fixture: &Fixture) -> (AppBuilder, Parts) {
    let process = fixture.process();
    let orders = EventLog::open(fixture, &process, "orders", orders_api::TOPICS).await;
    let subscriptions = EventLog::open(fixture, &process, "subscriptions", subscriptions_api::TOPICS).await;
    let auth = EventLog::open(fixture, &process, "auth", auth_api::TOPICS).await;
    let auth_double = AuthDouble::default();
    let orders_double = OrdersDouble::default();
    let app = App::of(fixture, notifications::service())
        .process(process)
        .peer(AuthClient::loopback(auth_double.clone()))
        .peer(OrdersClient::loopback(orders_double.clone()))
        .log(orders.source())
        .log(auth.source())
        .log(subscriptions.source())
        .out_of_reach(payments_api::TOPICS)
        .out_of_reach(catalog_api::TOPICS);
    let parts = Parts {
        orders,
        subscriptions,
        auth,
        auth_double,
        orders_double,
    };
    (app, parts)
}

pub(crate) async fn start(fixture: &Fixture) -> NotificationsApp {
    NotificationsApp::start_with(fixture, &[]).await
}

impl NotificationsApp {
    pub(crate) async fn start_with(fixture: &Fixture, settings: &[(&str, &str)]) -> Self {
        let (app, parts) = notifications(fixture).await;
        Self::of(app.set_all(settings).start().await, parts)
    }

    pub(crate) fn of(app: App, parts: Parts) -> Self {
        Self {
            app,
            orders: parts.orders,
            subscriptions: parts.subscriptions,
            auth: parts.auth,
            auth_double: parts.auth_double,
            orders_double: parts.orders_double,
        }
    }

    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.process.clock().now()
    }

    /// Tells that an order of somebody is paid.
    pub(crate) async fn pay(&self, person: &Person, number: &str) {
        self.orders
            .publish(paid(person.identity.user_id, number, self.now()))
            .await;
    }

    /// Tells it of several orders, one after the other, and waits until all are heard of.
    pub(crate) async fn pay_all(&self, person: &Person, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            self.pay(person, &number.to_string()).await;
            until_titled(person, &format!("Order {number} is paid")).await;
        }
    }

    /// Waits until a consumer is done with so many events.
    pub(crate) async fn until_done(&self, events: usize) {
        eventually(&format!("{events} events are done"), async || {
            (self.count(DONE).await == events).then_some(())
        })
        .await;
    }
}

/// Waits until somebody's newest notification has this title; the listing.
pub(crate) async fn until_titled(person: &Person, title: &str) -> Value {
    eventually(title, async || {
        let listing = list(person).await;
        (listing["items"][0]["title"] == title).then_some(listing)
    })
    .await
}

/// Somebody's newest notifications.
pub(crate) async fn list(person: &Person) -> Value {
    person.client.get("/notifications?limit=100").await.expect(200)
}

/// The titles on a page.
pub(crate) fn titles(listing: &Value) -> Vec<String> {
    let items = listing["items"].as_array().unwrap();
    items.iter().map(|item| text(&item["title"])).collect()
}

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn usd(amount_minor: i64) -> Money {
    Money {
        amount_minor,
        currency: Currency::USD,
    }
}

pub(crate) fn new_id<T: From<kit_values::Uuid>>() -> T {
    Ids::system().uuid().into()
}

pub(crate) fn paid(user_id: UserId, number: &str, timestamp: Timestamp) -> OrderPaid {
    OrderPaid {
        order_id: new_id(),
        number: number.parse().unwrap(),
        version: 3,
        user_id: Some(user_id),
        items: vec![OrderItem {
            sku: "MUG".parse().unwrap(),
            quantity: Quantity::ONE,
            unit_price: usd(1_250),
        }],
        total: usd(1_250),
        payment_id: new_id(),
        timestamp,
    }
}

pub(crate) fn shipped(order_id: OrderId, user_id: UserId, timestamp: Timestamp) -> OrderShipped {
    OrderShipped {
        order_id,
        number: "10001".parse().unwrap(),
        version: 4,
        user_id: Some(user_id),
        total: usd(1_250),
        carrier: "DHL".to_owned(),
        tracking_number: "0034".to_owned(),
        timestamp,
    }
}

/// The payload of an event as JSON.
pub(crate) fn payload(event: &impl Event) -> Value {
    serde_json::to_value(event).unwrap()
}
