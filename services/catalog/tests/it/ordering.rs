//! What catalog does when orders say that one was placed, paid or given up.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use catalog_api::ReservationStatus as Status;
use kit_runtime::Timestamp;
use kit_testing::{App, EventLog, Fixture, Person, eventually, on_both_databases};
use kit_values::{Currency, Money, Quantity, Uuid};
use orders_api::{CancelReason, OrderCancelled, OrderCreated, OrderItem, OrderPaid};
use serde_json::json;

use crate::app::{Clerk as _, variant};
use crate::books;
use crate::orders::{Orders, order};

/// Catalog in reach of orders' log, with five of `a` and of `b`.
struct Ordering {
    app: App,
    log: EventLog,
    clerk: Person,
    orders: Orders,
}

fn usd(amount_minor: i64) -> Money {
    Money {
        amount_minor,
        currency: Currency::USD,
    }
}

impl Ordering {
    async fn start(fixture: &Fixture) -> Self {
        let process = fixture.process();
        let log = EventLog::open(fixture, &process, "orders", orders_api::TOPICS).await;
        let app = App::of(fixture, catalog::service())
            .log(log.source())
            .start()
            .await;
        let clerk = app.staff();
        clerk
            .create(&json!({ "name": "Mug", "variants": [variant("a", 100), variant("b", 100)] }))
            .await;
        clerk.set_stock("a", 5).await;
        clerk.set_stock("b", 5).await;
        let orders = Orders::of(&app);
        Self {
            app,
            log,
            clerk,
            orders,
        }
    }

    async fn created(&self, number: u128, items: &[(&str, i64)]) {
        let item = |(sku, quantity): &(&str, i64)| OrderItem {
            sku: sku.parse().unwrap(),
            quantity: Quantity::try_from(*quantity).unwrap(),
            unit_price: usd(100),
        };
        let event = OrderCreated {
            order_id: order(number),
            number: "10001".parse().unwrap(),
            version: 1,
            user_id: None,
            items: items.iter().map(item).collect(),
            total: usd(100),
            timestamp: Timestamp::from_micros(1),
        };
        self.log.publish(event).await;
    }

    async fn paid(&self, number: u128) {
        let event = OrderPaid {
            order_id: order(number),
            number: "10001".parse().unwrap(),
            version: 3,
            user_id: None,
            items: Vec::new(),
            total: usd(100),
            payment_id: Uuid::nil().into(),
            timestamp: Timestamp::from_micros(1),
        };
        self.log.publish(event).await;
    }

    async fn cancelled(&self, number: u128) {
        self.cancelled_because(number, CancelReason::Requested).await;
    }

    async fn cancelled_because(&self, number: u128, reason: CancelReason) {
        let event = OrderCancelled {
            order_id: order(number),
            number: "10001".parse().unwrap(),
            version: 4,
            user_id: None,
            items: Vec::new(),
            total: usd(100),
            was_paid: false,
            reason,
            timestamp: Timestamp::from_micros(1),
        };
        self.log.publish(event).await;
    }

    async fn becomes(&self, number: u128, expected: Status) {
        eventually("the order's stock is as it should be", async || {
            (self.orders.status(number).await == Some(expected)).then_some(())
        })
        .await;
    }

    /// On hand and reserved of `a` and `b`.
    async fn counts(&self) -> [(i64, i64); 2] {
        let (a, b) = (self.clerk.counts("a").await, self.clerk.counts("b").await);
        [(a.0, a.1), (b.0, b.1)]
    }

    /// What was told of an order, in its order.
    async fn answers(&self, number: u128) -> Vec<String> {
        let rows = self
            .app
            .rows("SELECT key, type FROM outbox ORDER BY position")
            .await;
        let key = order(number).to_string();
        let own = rows.iter().filter(|row| row.get::<String>("key").unwrap() == key);
        own.map(|row| row.get("type").unwrap()).collect()
    }
}

on_both_databases! {
    async fn an_order_that_is_placed_holds_its_stock_until_it_is_paid(fixture: &Fixture) {
        let shop = Ordering::start(fixture).await;
        shop.created(1, &[("b", 1), ("A", 2)]).await;
        shop.becomes(1, Status::Reserved).await;
        assert_eq!(shop.counts().await, [(5, 2), (5, 1)]);
        shop.paid(1).await;
        shop.becomes(1, Status::Committed).await;
        assert_eq!(shop.counts().await, [(3, 0), (4, 0)]);
        assert_eq!(shop.answers(1).await, ["stock.reserved", "stock.committed"]);
        books::are_in_order(&shop.app).await;
    }

    async fn an_order_that_is_given_up_holds_nothing(fixture: &Fixture) {
        let shop = Ordering::start(fixture).await;
        shop.created(1, &[("a", 2)]).await;
        shop.cancelled(1).await;
        shop.becomes(1, Status::Released).await;
        shop.created(2, &[("a", 5)]).await;
        shop.paid(2).await;
        shop.cancelled(2).await;
        shop.becomes(2, Status::Restocked).await;
        assert_eq!(shop.counts().await, [(5, 0), (5, 0)]);
        assert_eq!(shop.answers(1).await, ["stock.reserved", "stock.released"]);
        books::are_in_order(&shop.app).await;
    }

    async fn one_that_was_held_for_too_long_stays_over(fixture: &Fixture) {
        let shop = Ordering::start(fixture).await;
        let anyone = shop.app.stranger();
        // Customers are shown what is kept in memory.
        let is_shown = async |available: i64| {
            eventually("it is shown", async || {
                let product = anyone.get("/products/mug").await.expect(200);
                (product["variants"][0]["available"] == available).then_some(())
            })
            .await;
        };
        shop.created(1, &[("a", 2)]).await;
        is_shown(3).await;
        shop.cancelled_because(1, CancelReason::ReservationExpired).await;
        shop.becomes(1, Status::Expired).await;
        is_shown(5).await;
        assert_eq!(shop.counts().await, [(5, 0), (5, 0)]);
        assert_eq!(shop.orders.commit(1).await.unwrap().status, Status::Expired);
        assert_eq!(shop.orders.release(1).await.status, Status::Expired);
        assert_eq!(shop.orders.reserve(1, &[("a", 2)]).await.status, Status::Expired);
        assert_eq!(shop.answers(1).await, ["stock.reserved", "stock.released"]);
        books::are_in_order(&shop.app).await;
    }

    async fn one_that_is_given_up_before_it_is_known_is_never_held(fixture: &Fixture) {
        let shop = Ordering::start(fixture).await;
        shop.cancelled(1).await;
        shop.created(1, &[("a", 2)]).await;
        shop.created(2, &[("a", 6)]).await;
        shop.becomes(2, Status::Rejected).await;
        shop.becomes(1, Status::Released).await;
        assert_eq!(shop.counts().await, [(5, 0), (5, 0)]);
        assert_eq!(shop.answers(2).await, ["stock.rejected"]);
        books::are_in_order(&shop.app).await;
    }

    async fn two_skus_in_both_orders_at_once_are_held_without_waiting_in_a_circle(fixture: &Fixture) {
        let shop = Ordering::start(fixture).await;
        shop.clerk.set_stock("a", 60).await;
        shop.clerk.set_stock("b", 60).await;
        for number in 0..60 {
            let items = if number % 2 == 0 { [("a", 1), ("b", 1)] } else { [("b", 1), ("a", 1)] };
            shop.created(number, &items).await;
        }
        for number in 0..60 {
            shop.becomes(number, Status::Reserved).await;
        }
        assert_eq!(shop.counts().await, [(60, 60), (60, 60)]);
        books::are_in_order(&shop.app).await;
    }

    async fn an_event_that_comes_twice_is_done_once(fixture: &Fixture) {
        let shop = Ordering::start(fixture).await;
        for _ in 0..3 {
            shop.created(1, &[("a", 2)]).await;
            shop.paid(1).await;
        }
        shop.cancelled(1).await;
        shop.cancelled(1).await;
        shop.paid(1).await;
        shop.becomes(1, Status::Restocked).await;
        // Something that comes after all of it, in whichever partition.
        shop.created(2, &[("a", 5)]).await;
        shop.becomes(2, Status::Reserved).await;
        assert_eq!(shop.counts().await, [(5, 5), (5, 0)]);
        books::are_in_order(&shop.app).await;
    }
}
