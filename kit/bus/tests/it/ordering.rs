//! Order per key, whatever fails and whoever commits late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit_bus::{Delivery, Failure, Inbox};
use kit_bus_testing::{Counted, GROUP, assert_in_order, both_fixtures, count_up, note};
use kit_db::{DbTarget, Dialect, StoreError, Tx, partition_of, sql};
use kit_runtime::Ids;
use kit_telemetry::Metrics;
use kit_testing::db::{connect, postgres_url};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::oneshot;

use crate::BusFixture;

both_fixtures! {
    async fn a_group_runs_as_many_handlers_at_once_as_it_may(fixture: &BusFixture) {
        let process = fixture.process().await;
        // Keys of one partition, so that they share a processor.
        let keys = (0..).map(|number| format!("key-{number}"));
        let keys: Vec<String> = keys.filter(|key| partition_of(key) == 3).take(20).collect();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, highest, moved) = (running.clone(), most.clone(), fixture.moved.clone());
        let handler = move |delivery: Delivery<Counted>, inbox: Inbox| {
            let (now, highest, moved) = (now.clone(), highest.clone(), moved.clone());
            async move {
                highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let noted = note(delivery.payload, inbox).await;
                now.fetch_sub(1, Ordering::SeqCst);
                moved.notify_one();
                noted
            }
        };
        let counted = keys.clone();
        let counted = fixture.producer.write(async move |tx: &mut Tx| {
            for key in &counted {
                count_up(tx, key).await?;
            }
            Ok::<_, StoreError>(())
        });
        counted.await.unwrap();
        process.bus.group(GROUP).on::<Counted>(handler).at_once(2).start().unwrap();
        fixture.until_effects(&process, keys.len()).await;
        assert_eq!(most.load(Ordering::SeqCst), 2);
        process.crash().await;
    }

    async fn a_key_stays_in_order_while_its_events_fail(fixture: &BusFixture) {
        let process = fixture.process().await;
        let moved = fixture.moved.clone();
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let moved = moved.clone();
            async move {
                if delivery.attempt <= 2 && delivery.payload.number % 4 == 0 {
                    return Err(Failure::again("not yet"));
                }
                let noted = note(delivery.payload, inbox).await;
                moved.notify_one();
                noted
            }
        });
        fixture.count_each(60, 4).await;
        assert_in_order(&fixture.until_effects(&process, 60).await);
        fixture.until_passed(&process).await;
        process.crash().await;
    }
}

/// The outbox of the producer, written to by hand.
struct ByHand {
    connection: PgConnection,
    outbox: String,
}

impl ByHand {
    async fn new(fixture: &BusFixture) -> Self {
        let DbTarget::Postgres { url, schema } = fixture.producer.target() else {
            panic!("not a schema")
        };
        Self {
            connection: connect(url.expose()).await,
            outbox: format!("\"{schema}\".outbox"),
        }
    }

    async fn run(&mut self, text: &str) {
        sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
            .execute(&mut self.connection)
            .await
            .unwrap();
    }

    async fn insert(&mut self, key: &str, number: i64) {
        let id = Ids::system().uuid();
        let partition = partition_of(key);
        let text = format!(
            "INSERT INTO {outbox} (event_id, topic, key, partition, type, payload, headers, created_at) VALUES \
             ('{id}', 'counts', '{key}', {partition}, 'count.changed', \
              '{{\"key\":\"{key}\",\"number\":{number}}}', \
              '{{\"ce_source\":\"/stoa/counter\",\"ce_subject\":\"{key}\",\
                \"ce_time\":\"2024-01-01T00:00:00Z\"}}', 0)",
            outbox = self.outbox
        );
        self.run(&text).await;
    }
}

#[tokio::test]
async fn what_commits_late_is_not_skipped() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let metrics = Metrics::new();
    let process = fixture.process_measured(&metrics).await;
    process.keep_ledger(&fixture);
    fixture.count("a").await;
    fixture.until_effects(&process, 1).await;
    let mut late = ByHand::new(&fixture).await;
    late.run("BEGIN").await;
    late.insert("late", 1).await;
    // Takes the position behind, and commits first.
    fixture.count("a").await;
    for _ in 0..20 {
        fixture.count("b").await;
    }
    fixture
        .until("the reader stands before the gap", async || {
            let text = metrics.encode();
            let held = text
                .lines()
                .find(|line| line.starts_with("stoa_bus_head_age_seconds{"));
            held.is_some_and(|line| !line.ends_with(" 0.0"))
        })
        .await;
    assert_eq!(fixture.effects(&process).await.len(), 1);
    late.run("COMMIT").await;
    let effects = fixture.until_effects(&process, 23).await;
    assert_in_order(&effects);
    process.crash().await;
    fixture.remove().await;
}

#[tokio::test]
async fn a_transaction_that_never_commits_holds_up_only_until_it_ends() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    for end in ["ROLLBACK", "COMMIT"] {
        let mut other = ByHand::new(&fixture).await;
        other.run("BEGIN").await;
        other.insert("other", 1).await;
        fixture.count("a").await;
        if end == "ROLLBACK" {
            other.run(end).await;
            fixture.until_effects(&process, 1).await;
        } else {
            // The connection goes away without an answer.
            drop(other);
            fixture.until_effects(&process, 2).await;
        }
    }
    process.crash().await;
    fixture.remove().await;
}

#[tokio::test]
async fn a_transaction_elsewhere_holds_nothing_up() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    let mut elsewhere = connect(&postgres_url()).await;
    let text = "BEGIN; SELECT pg_current_xact_id()";
    sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(&mut elsewhere)
        .await
        .unwrap();
    fixture.count("a").await;
    fixture.until_effects(&process, 1).await;
    process.crash().await;
    fixture.remove().await;
}

/// The transaction that begins to write first changes the key last: its identifier is lower than that of the
/// change before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_waited_for_another_comes_after_it() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let (begun, has_begun) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let signals = std::sync::Arc::new(std::sync::Mutex::new(Some((begun, may_go_on))));
    let db = fixture.producer.db().clone();
    let mut first = tokio::task::JoinSet::new();
    first.spawn(async move {
        db.write(async move |tx: &mut Tx| {
            count_up(tx, "warm-up").await?;
            let taken = signals.lock().unwrap().take();
            if let Some((begun, may_go_on)) = taken {
                let _ = begun.send(());
                let _ = may_go_on.await;
            }
            count_up(tx, "a").await
        })
        .await
    });
    has_begun.await.unwrap();
    assert_eq!(fixture.count("a").await, 1);
    go_on.send(()).unwrap();
    assert_eq!(first.join_next().await.unwrap().unwrap().unwrap(), 2);
    fixture.consume_in_order(3).await;
    fixture.remove().await;
}

/// Many transactions that begin to write at once and change the same keys in another order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_transactions_keep_the_order_of_their_changes() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..6_u32 {
        let db = fixture.producer.db().clone();
        writers.spawn(async move {
            for round in 0..30_u32 {
                db.write(async move |tx: &mut Tx| {
                    count_up(tx, &format!("own-{writer}")).await?;
                    // So that others overtake between the identifier and the key they share.
                    if (writer + round) % 3 == 0 {
                        sql("SELECT CAST(pg_sleep(0.003) AS TEXT)").all(tx).await?;
                    }
                    count_up(tx, "shared").await?;
                    Ok::<_, StoreError>(())
                })
                .await
                .unwrap();
            }
        });
    }
    writers.join_all().await;
    assert_in_order(&fixture.until_effects(&process, 6 * 30 * 2).await);
    process.crash().await;
    fixture.remove().await;
}
