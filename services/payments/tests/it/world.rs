//! Payments in a process of its own, on either database, spoken to over HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use futures::FutureExt;
use kit_db::{Db, DbDeps, DbSettings, DbTarget, Reader, sql};
use kit_runtime::Ids;
use kit_testing::db::TestTarget;
use kit_testing::{Client, Identity, Reply, TestProcess};
use kit_token::{Role, Verifier};
use payments::{Deps, LimitCounts, PaymentsConfig};
use payments_api::PaymentsClient;
use serde_json::{Value, json};

/// Tells each story on SQLite and on PostgreSQL, at a fresh place.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident: &Place) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let target = kit_testing::db::TestTarget::sqlite();
                $crate::world::at(target, async |$place: &$crate::world::Place| $body).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let target = kit_testing::db::TestTarget::postgres().await;
                $crate::world::at(target, async |$place: &$crate::world::Place| $body).await;
            }
        }
    )+};
}
pub(crate) use on_both_databases;

/// What outlives a process: its tables.
pub(crate) struct Place {
    target: TestTarget,
    running: Mutex<Vec<Arc<TestProcess>>>,
}

/// Tells a story at a place, and clears the place away, also after a panic.
pub(crate) async fn at(target: TestTarget, story: impl AsyncFnOnce(&Place)) {
    let place = Place {
        target,
        running: Mutex::default(),
    };
    let ended = AssertUnwindSafe(story(&place)).catch_unwind().await;
    for process in place.running.into_inner().unwrap() {
        process.lifecycle.end().await;
    }
    place.target.remove().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

impl Place {
    pub(crate) fn target(&self) -> DbTarget {
        self.target.target()
    }

    /// A process that ends with the story.
    pub(crate) fn process(&self) -> Arc<TestProcess> {
        let process = Arc::new(TestProcess::new());
        self.running.lock().unwrap().push(process.clone());
        process
    }
}

/// Payments, running.
pub(crate) struct World {
    pub(crate) process: Arc<TestProcess>,
    pub(crate) db: Db,
    /// Its contract in this process.
    pub(crate) payments: PaymentsClient,
    /// Its contract's routes.
    pub(crate) internal: Router,
    pub(crate) address: SocketAddr,
}

impl World {
    pub(crate) async fn start(place: &Place) -> Self {
        Self::start_as(place, &PaymentsConfig::defaults()).await
    }

    /// With another limit.
    pub(crate) async fn start_limited(place: &Place, limit: &str, counts: LimitCounts) -> Self {
        let config = PaymentsConfig {
            transaction_limit: limit.parse().unwrap(),
            limit_counts: counts,
            ..PaymentsConfig::defaults()
        };
        Self::start_as(place, &config).await
    }

    async fn start_as(place: &Place, config: &PaymentsConfig) -> Self {
        let process = place.process();
        let verifier = process.verifier.clone();
        Self::start_with(process, place.target(), verifier, config).await
    }

    /// As [`World::start`], with another way to the database or other keys.
    pub(crate) async fn start_with(
        process: Arc<TestProcess>,
        target: DbTarget,
        verifier: Verifier,
        config: &PaymentsConfig,
    ) -> Self {
        let db = open(&process, target).await;
        let hosted = payments::build(
            config,
            Deps {
                db: db.clone(),
                verifier,
                internal_keys: process.internal_keys(),
                clock: process.clock(),
                ids: Ids::system(),
                readiness: process.readiness.clone(),
            },
        );
        let hosted = hosted.unwrap();
        Self {
            db,
            payments: hosted.client,
            internal: hosted.internal,
            address: process.serve(hosted.routes).await,
            process,
        }
    }

    /// Ends the process; its place stays.
    pub(crate) async fn stop(self) {
        self.process.lifecycle.end().await;
    }

    /// Nobody in particular.
    pub(crate) fn stranger(&self) -> Client {
        self.process.client(self.address)
    }

    /// Somebody new.
    pub(crate) fn sign_up(&self, username: &str) -> Person {
        self.person(Identity::customer(username))
    }

    pub(crate) fn staff(&self) -> Person {
        self.person(Identity::new("clerk", Role::Staff))
    }

    pub(crate) fn person(&self, identity: Identity) -> Person {
        Person {
            client: self.process.client_of(self.address, &identity),
            token: self.process.sign_in(&identity),
            id: identity.user_id.to_string(),
            identity,
        }
    }

    /// How many rows a query gives.
    pub(crate) async fn count(&self, query: &'static str) -> usize {
        let rows = self
            .db
            .read(async move |reader: &mut Reader| sql(query).all(reader).await);
        rows.await.unwrap().len()
    }
}

async fn open(process: &TestProcess, target: DbTarget) -> Db {
    let deps = DbDeps {
        tasks: process.lifecycle.tasks(),
        clock: process.clock(),
        ids: Ids::system(),
        metrics: None,
    };
    let settings = DbSettings {
        // No story is about a machine that is busy with others.
        wait_limit: Duration::from_secs(30),
        unit_limit: Duration::from_secs(30),
        ..DbSettings::new("payments", target)
    };
    Db::open(settings, &payments::migrations(), &deps).await.unwrap()
}

/// Every transaction.
pub(crate) const TRANSACTIONS: &str = "SELECT id FROM transactions";

/// What one is told who would have more.
pub(crate) const OVER: &str = "Transaction limit exceeded: maximum 1000 total per user";

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) id: String,
    pub(crate) identity: Identity,
}

impl Person {
    /// The same person, who sends this idempotency key.
    pub(crate) fn keyed(&self, key: &str) -> Self {
        Self {
            client: self.client.with("idempotency-key", key),
            ..self.clone()
        }
    }

    /// Asks for a transaction of this amount, as it is written here.
    pub(crate) async fn send(&self, amount: &str) -> Reply {
        let body = format!("{{\"amount\":{amount},\"description\":\"books\"}}");
        self.send_body(body).await
    }

    /// Asks for a transaction in these words.
    pub(crate) async fn send_body(&self, body: impl Into<Bytes>) -> Reply {
        let json = Some("application/json");
        self.client
            .send_raw(http::Method::POST, "/transactions", json, body.into())
            .await
    }

    /// Makes a transaction of this amount.
    pub(crate) async fn create(&self, amount: &str) -> Value {
        self.send(amount).await.expect(201)
    }

    /// Asks to pay what is pending.
    pub(crate) async fn send_pay(&self) -> Reply {
        self.client
            .send(http::Method::POST, "/transactions/pay", None)
            .await
    }

    /// Pays what is pending: how many transactions, and the sum as it is printed.
    pub(crate) async fn pay(&self) -> (u64, String) {
        let reply = self.send_pay().await;
        let paid = reply.expect(200);
        let printed = String::from_utf8(reply.body.to_vec()).unwrap();
        let (_, sum) = printed.split_once("\"amount_paid\":").unwrap();
        (
            paid["transactions_paid"].as_u64().unwrap(),
            sum.trim_end_matches('}').to_owned(),
        )
    }

    /// Their hundred newest transactions.
    pub(crate) async fn transactions(&self) -> Vec<Value> {
        let listed = self.client.get("/transactions/list?limit=100").await.expect(200);
        listed.as_array().unwrap().clone()
    }

    /// One member of each of them.
    pub(crate) async fn each(&self, member: &str) -> Vec<Value> {
        let transactions = self.transactions().await;
        transactions.into_iter().map(|one| one[member].clone()).collect()
    }

    /// How many of them have this status.
    pub(crate) async fn counted(&self, status: &str) -> usize {
        let wanted = json!(status);
        self.each("status")
            .await
            .iter()
            .filter(|found| **found == wanted)
            .count()
    }
}
