//! Analytics as the stories start it, beside the log of payments.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::ops::Deref;
use std::sync::Arc;

use analytics::Operator;
use kit_db::{Reader, Session, sql};
use kit_event::Event;
use kit_runtime::{Clock, Ids, Timestamp};
use kit_testing::{App, Client, EventLog, Fixture, Identity, TestProcess, eventually};
use kit_token::{Role, UserId};
use kit_values::Amount;
use payments_api::{TransactionCreated, TransactionId, TransactionPaid};
use serde_json::Value;

use crate::shop::Orders;

/// Analytics, running, and payments and orders telling it something.
pub(crate) struct AnalyticsApp {
    app: App,
    pub(crate) payments: Payments,
    pub(crate) orders: Orders,
}

impl Deref for AnalyticsApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl AnalyticsApp {
    pub(crate) async fn start(fixture: &Fixture) -> Self {
        Self::start_with(fixture, &[]).await
    }

    pub(crate) async fn start_with(fixture: &Fixture, settings: &[(&str, &str)]) -> Self {
        let process = fixture.process();
        let (payments, orders) = (
            payments(fixture, &process).await,
            Orders::open(fixture, &process).await,
        );
        let app = App::of(fixture, analytics::service())
            .process(process)
            .log(payments.0.source())
            .log(orders.0.source())
            .set("analytics.behaviour_kept", "30d")
            .set_all(settings)
            .start()
            .await;
        Self {
            app,
            payments,
            orders,
        }
    }

    /// Ends the process at once, whatever it is at; the fixture stays.
    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    pub(crate) fn staff(&self) -> Client {
        self.somebody(&Identity::new("rosa", Role::Staff))
    }

    pub(crate) fn somebody(&self, identity: &Identity) -> Client {
        self.process.client_of(self.address, identity)
    }

    pub(crate) fn operator(&self) -> Operator {
        Operator::new(self.db.clone(), self.bus.admin(), Clock::system())
    }

    pub(crate) async fn stats(&self) -> Value {
        self.stranger().get("/stats").await.expect(200)
    }

    /// Waits until the counts are these: transactions, their sum, paid ones, events, users.
    pub(crate) async fn until_stats(&self, expected: (u64, &str, u64, u64, u64)) {
        let mut last = String::new();
        let expected_text = stats_text(expected);
        eventually(&format!("the counts are {expected_text}"), async || {
            let body = self.stranger().get("/stats").await.body;
            last = String::from_utf8_lossy(&body).into_owned();
            (last == expected_text).then_some(())
        })
        .await;
    }

    /// Waits until so many events of orders are counted in what is shown.
    pub(crate) async fn until_orders(&self, events: i64) {
        let counted = "SELECT order_events FROM generations WHERE state = 'live'";
        eventually(&format!("{events} events of orders are counted"), async || {
            let read = async |reader: &mut Reader| Ok(number(reader, counted).await);
            (self.db.read(read).await.unwrap() == events).then_some(())
        })
        .await;
        self.is_in_order().await;
    }

    /// Waits until nothing is left to read, and then until nothing of it is left to add up: what is counted by then
    /// is all that will be.
    pub(crate) async fn caught_up(&self) {
        eventually("everything is read", async || {
            let lags = self.bus.admin().lag().await.unwrap();
            lags.iter()
                .all(|lag| lag.rows == 0 && lag.parked == 0)
                .then_some(())
        })
        .await;
        eventually("everything is added up", async || {
            let facts = "SELECT event_id FROM facts UNION ALL SELECT event_id FROM order_facts";
            (self.count(facts).await == 0).then_some(())
        })
        .await;
        self.is_in_order().await;
    }

    /// Asserts what the service says of its tables.
    async fn is_in_order(&self) {
        for invariant in analytics::service().invariants {
            let broken = invariant.violations(&self.db).await.unwrap();
            assert_eq!(broken, [""; 0], "{}", invariant.rule);
        }
    }

    /// How many events payments has told.
    pub(crate) async fn count_events(&self) -> u64 {
        let count = async |reader: &mut Reader| Ok(number(reader, "SELECT COUNT(*) FROM outbox").await);
        let count = self.payments.0.db.read(count).await;
        count.unwrap().try_into().unwrap()
    }
}

/// What `GET /stats` answers, to the byte.
pub(crate) fn stats_text((transactions, amount, paid, events, users): (u64, &str, u64, u64, u64)) -> String {
    format!(
        "{{\"total_transactions\":{transactions},\"total_amount\":{amount},\
         \"total_paid_transactions\":{paid},\"events_processed\":{events},\"unique_users\":{users}}}"
    )
}

/// Payments' side of the story: a log that tells what the story wants.
pub(crate) struct Payments(EventLog);

/// The log of payments, open in a process.
pub(crate) async fn payments(fixture: &Fixture, process: &Arc<TestProcess>) -> Payments {
    Payments(EventLog::open(fixture, process, "payments", payments_api::TOPICS).await)
}

impl Payments {
    pub(crate) async fn publish(&self, event: impl Event + Clone + Send + Sync + 'static) {
        self.0.publish(event).await;
    }

    /// Several events in one transaction.
    pub(crate) async fn publish_all<E: Event + Clone + Send + Sync + 'static>(&self, events: Vec<E>) {
        self.0.publish_all(events).await;
    }

    pub(crate) async fn created(&self, user_id: UserId, amount: &str, timestamp: Timestamp) {
        self.publish(created(user_id, amount, timestamp)).await;
    }

    pub(crate) async fn paid(&self, user_id: UserId, transactions_paid: u64, timestamp: Timestamp) {
        self.publish(TransactionPaid {
            user_id,
            transactions_paid,
            timestamp,
        })
        .await;
    }

    /// Writes an event as somebody else may have: with this payload, whatever it is.
    pub(crate) async fn publish_raw(&self, kind: &'static str, key: &str, payload: &str) {
        self.0.publish_raw(("transactions", kind), key, payload).await;
    }
}

pub(crate) fn created(user_id: UserId, amount: &str, timestamp: Timestamp) -> TransactionCreated {
    TransactionCreated {
        transaction_id: TransactionId::from(Ids::system().uuid()),
        user_id,
        amount: amount.parse::<Amount>().unwrap(),
        description: Some("books".to_owned()),
        timestamp,
    }
}

/// A new user's identifier.
pub(crate) fn user() -> UserId {
    UserId::from(Ids::system().uuid())
}

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Noon of the first day of the stories' clock.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_893_456_000 + 12 * 3_600);

/// One number that a query gives.
pub(crate) async fn number(on: &mut impl Session, query: &'static str) -> i64 {
    sql(query).one(on).await.unwrap().get(0).unwrap()
}
