//! Nobody waits for a poll: with polls an hour apart events come at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kit_bus::{Admin, Delivery, Failure, Inbox};
use kit_bus_testing::{Counted, GROUP, note, settings};
use kit_db::Dialect;

use crate::BusFixture;

/// Longer than any test waits.
const HOUR: Duration = Duration::from_hours(1);

async fn comes_at_once(dialect: Dialect) {
    let fixture = BusFixture::new(dialect).await;
    let mut settings = settings();
    settings.poll = HOUR;
    let process = fixture.process_with(settings, HOUR).await;
    process.keep_ledger(&fixture);
    fixture.count("a").await;
    fixture.until_effects(&process, 1).await;
    for number in 2..=20 {
        fixture.count("a").await;
        fixture.until_effects(&process, number).await;
    }
    process.crash().await;
    fixture.remove().await;
}

#[tokio::test]
async fn an_event_of_the_same_process_comes_at_once() {
    comes_at_once(Dialect::Sqlite).await;
}

/// The producer has a bus of its own, which notifies; the consumer listens.
#[tokio::test]
async fn an_event_of_another_process_comes_at_once() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let lifecycle = kit_runtime::Lifecycle::new();
    let sources = kit_bus::Sources::open(
        Vec::new(),
        kit_bus::SourcesDeps {
            tasks: lifecycle.tasks(),
            metrics: None,
            poll: HOUR,
        },
    );
    let _producers = kit_bus::Bus::new(kit_bus::BusDeps {
        db: fixture.producer.db().clone(),
        sources: sources.unwrap(),
        tasks: lifecycle.tasks(),
        clock: kit_runtime::Clock::system(),
        ids: kit_runtime::Ids::system(),
        metrics: None,
        tracer: kit_telemetry::Tracer::off(),
        settings: settings(),
    });
    let mut settings = settings();
    settings.poll = HOUR;
    let process = fixture.process_apart(settings, HOUR).await;
    process.keep_ledger(&fixture);
    fixture.count("a").await;
    fixture.until_effects(&process, 1).await;
    for number in 2..=20 {
        fixture.count("a").await;
        fixture.until_effects(&process, number).await;
    }
    process.crash().await;
    lifecycle.end().await;
    fixture.remove().await;
}

/// Two processes of the consumer: one owns the key, an operator decides in the other.
#[tokio::test]
async fn what_an_operator_decides_elsewhere_is_done_at_once() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let mut settings = settings();
    settings.poll = HOUR;
    settings.retry.attempts = 1;
    let process = fixture.process_with(settings.clone(), HOUR).await;
    let moved = fixture.moved.clone();
    let failed = Arc::new(AtomicBool::new(false));
    process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
        let (moved, failed) = (moved.clone(), failed.clone());
        async move {
            if !failed.swap(true, Ordering::SeqCst) {
                return Err(Failure::again("broken"));
            }
            let noted = note(delivery.payload, inbox).await;
            moved.notify_one();
            noted
        }
    });
    fixture.count("a").await;
    let beside = fixture.process_with(settings, HOUR).await;
    let admin = Admin::new(beside.db.clone(), beside.sources.clone());
    fixture
        .until("a dead letter", async || {
            !admin.dead_letters(None).await.unwrap().is_empty()
        })
        .await;
    assert_eq!(admin.replay_all(GROUP).await.unwrap(), 1);
    fixture.until_effects(&process, 1).await;
    beside.crash().await;
    process.crash().await;
    fixture.remove().await;
}
