//! Analytics in processes of its own, on either database, beside the log of payments.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use analytics::{AnalyticsConfig, Deps, Operator};
use futures::FutureExt;
use kit_bus::{Bus, BusDeps, BusSettings, Source, Sources, SourcesDeps};
use kit_db::{Db, DbDeps, DbSettings, DbTarget, Migrations, Reader, Session, StoreError, Tx, sql};
use kit_event::Event;
use kit_runtime::{Clock, Ids, Timestamp};
use kit_testing::db::TestTarget;
use kit_testing::{Client, Identity, TestProcess, eventually};
use kit_token::{Role, UserId};
use payments_api::{Amount, TransactionCreated, TransactionId, TransactionPaid};
use serde_json::Value;

/// Tells each story on SQLite and on PostgreSQL, at a fresh place.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident: &Place) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let place = $crate::world::Place::on_sqlite();
                $crate::world::at(place, async |$place: &$crate::world::Place| $body).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let place = $crate::world::Place::on_postgres().await;
                $crate::world::at(place, async |$place: &$crate::world::Place| $body).await;
            }
        }
    )+};
}
pub(crate) use on_both_databases;

/// What outlives a process: analytics' tables and the log of payments.
pub(crate) struct Place {
    own: TestTarget,
    payments: TestTarget,
    running: Mutex<Vec<Arc<TestProcess>>>,
}

/// Tells a story at a place, and clears the place away, also after a panic.
pub(crate) async fn at(place: Place, story: impl AsyncFnOnce(&Place)) {
    let ended = AssertUnwindSafe(story(&place)).catch_unwind().await;
    for process in place.running.into_inner().unwrap() {
        process.lifecycle.end().await;
    }
    place.own.remove().await;
    place.payments.remove().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

impl Place {
    pub(crate) fn on_sqlite() -> Self {
        Self::of(TestTarget::sqlite(), TestTarget::sqlite())
    }

    pub(crate) async fn on_postgres() -> Self {
        Self::of(TestTarget::postgres().await, TestTarget::postgres().await)
    }

    fn of(own: TestTarget, payments: TestTarget) -> Self {
        Self {
            own,
            payments,
            running: Mutex::default(),
        }
    }

    pub(crate) fn target(&self) -> DbTarget {
        self.own.target()
    }

    /// The log of payments, open in a process.
    pub(crate) async fn payments(&self, process: &TestProcess) -> Payments {
        let target = self.payments.target();
        // A log has the time of those who read it.
        let clock = Clock::system();
        Payments(open(process, ("payments", clock), target, &Migrations::none()).await)
    }

    /// A process that ends with the story.
    pub(crate) fn process(&self) -> Arc<TestProcess> {
        let process = Arc::new(TestProcess::new());
        self.running.lock().unwrap().push(process.clone());
        process
    }
}

/// Analytics, running, and payments telling it something.
pub(crate) struct World {
    pub(crate) process: Arc<TestProcess>,
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) address: SocketAddr,
    pub(crate) payments: Payments,
}

impl World {
    pub(crate) async fn start(place: &Place) -> Self {
        Self::start_with(place, &config(100)).await
    }

    pub(crate) async fn start_with(place: &Place, config: &AnalyticsConfig) -> Self {
        let process = place.process();
        let service = ("analytics", process.clock());
        let db = open(&process, service, place.target(), &analytics::migrations()).await;
        let payments = place.payments(&process).await;
        let bus = bus(&process, &db, place, &payments);
        let hosted = analytics::build(
            config,
            Deps {
                db: db.clone(),
                bus: bus.clone(),
                verifier: process.verifier.clone(),
                clock: process.clock(),
                ids: Ids::system(),
                tasks: process.lifecycle.tasks(),
                readiness: process.readiness.clone(),
            },
        );
        let hosted = hosted.await.unwrap();
        Self {
            address: process.serve(hosted.routes).await,
            process,
            db,
            bus,
            payments,
        }
    }

    /// Ends the process at once, whatever it is at; its place stays.
    pub(crate) async fn stop(self) {
        self.process.lifecycle.end().await;
    }

    /// Nobody in particular.
    pub(crate) fn stranger(&self) -> Client {
        self.process.client(self.address)
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
        let wanted = stats_text(expected);
        eventually(&format!("the counts are {wanted}"), async || {
            let body = self.stranger().get("/stats").await.body;
            last = String::from_utf8_lossy(&body).into_owned();
            (last == wanted).then_some(())
        })
        .await;
    }

    /// How many events payments has told.
    pub(crate) async fn count_events(&self) -> u64 {
        let log = &self.payments.0;
        let count =
            log.read(async |reader: &mut Reader| Ok(number(reader, "SELECT COUNT(*) FROM outbox").await));
        count.await.unwrap().try_into().unwrap()
    }

    /// Changes analytics' tables behind its back.
    pub(crate) async fn tamper(&self, statement: &'static str) {
        let done = self
            .db
            .write(async move |tx: &mut Tx| sql(statement).execute(tx).await);
        done.await.unwrap();
    }

    /// How many rows a query gives.
    pub(crate) async fn count(&self, query: &'static str) -> usize {
        let rows = self
            .db
            .read(async move |reader: &mut Reader| sql(query).all(reader).await);
        rows.await.unwrap().len()
    }
}

/// What `GET /stats` answers, to the byte.
pub(crate) fn stats_text((transactions, amount, paid, events, users): (u64, &str, u64, u64, u64)) -> String {
    format!(
        "{{\"total_transactions\":{transactions},\"total_amount\":{amount},\
         \"total_paid_transactions\":{paid},\"events_processed\":{events},\"unique_users\":{users}}}"
    )
}

pub(crate) fn config(streams: usize) -> AnalyticsConfig {
    AnalyticsConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        streams,
        behaviour_kept: "30d".parse().unwrap(),
    }
}

fn bus(process: &TestProcess, db: &Db, place: &Place, payments: &Payments) -> Bus {
    let source = Source {
        service: "payments",
        topics: payments_api::TOPICS,
        target: place.payments.target(),
        published: Some(payments.0.published()),
    };
    let deps = SourcesDeps {
        tasks: process.lifecycle.tasks(),
        metrics: None,
        poll: Duration::from_millis(200),
    };
    Bus::new(BusDeps {
        db: db.clone(),
        sources: Sources::open(vec![source], deps).unwrap(),
        tasks: process.lifecycle.tasks(),
        // Leases and retries need one that goes on.
        clock: Clock::system(),
        ids: Ids::system(),
        metrics: None,
        tracer: kit_telemetry::Tracer::off(),
        settings: BusSettings {
            lease: Duration::from_secs(2),
            checkpoint: Duration::from_millis(200),
            ..BusSettings::default()
        },
    })
}

/// A service's database, as its process opens it.
pub(crate) async fn open(
    process: &TestProcess,
    (service, clock): (&'static str, Clock),
    target: DbTarget,
    migrations: &Migrations,
) -> Db {
    let deps = DbDeps {
        tasks: process.lifecycle.tasks(),
        clock,
        ids: Ids::system(),
        metrics: None,
    };
    let settings = DbSettings {
        // No story is about a machine that is busy with others.
        wait_limit: Duration::from_secs(30),
        unit_limit: Duration::from_secs(30),
        ..DbSettings::new(service, target)
    };
    Db::open(settings, migrations, &deps).await.unwrap()
}

/// Payments' side of the story: a log that tells what the story wants.
pub(crate) struct Payments(Db);

impl Payments {
    pub(crate) async fn tell(&self, event: impl Event + Clone + Send + Sync + 'static) {
        self.tell_all(vec![event]).await;
    }

    /// Several events in one transaction.
    pub(crate) async fn tell_all<E: Event + Clone + Send + Sync + 'static>(&self, events: Vec<E>) {
        let told = self.0.write(async move |tx: &mut Tx| {
            for event in &events {
                tx.publish(event.clone());
            }
            Ok::<_, StoreError>(())
        });
        told.await.unwrap();
    }

    pub(crate) async fn created(&self, user_id: UserId, amount: &str, timestamp: Timestamp) {
        self.tell(created(user_id, amount, timestamp)).await;
    }

    pub(crate) async fn paid(&self, user_id: UserId, transactions_paid: u64, timestamp: Timestamp) {
        self.tell(TransactionPaid {
            user_id,
            transactions_paid,
            timestamp,
        })
        .await;
    }

    /// Writes an event as somebody else may have: with this payload, whatever it is.
    pub(crate) async fn tell_raw(&self, kind: &'static str, key: &str, payload: &str) {
        let (key, payload) = (key.to_owned(), payload.to_owned());
        let told = self.0.write(async move |tx: &mut Tx| {
            let id = Ids::system().uuid().to_string();
            let headers = format!(
                "{{\"ce_source\":\"/elsewhere\",\"ce_subject\":\"{key}\",\"ce_time\":\"{}\"}}",
                Clock::system().now()
            );
            sql(
                "INSERT INTO outbox (event_id, topic, key, partition, type, payload, headers, created_at) \
                 VALUES ($1, 'transactions', $2, $3, $4, $5, $6, $7)",
            )
            .bind(id)
            .bind(&key)
            .bind(kit_db::partition_of(&key))
            .bind(kind)
            .bind(&payload)
            .bind(headers)
            .bind(Clock::system().now())
            .execute(tx)
            .await
        });
        told.await.unwrap();
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
