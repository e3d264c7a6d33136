//! Nobody waits for a poll: with polls an hour apart events come at once.

use std::time::{Duration, Instant};

use kit_db::Dialect;

use crate::world::{World, settings};

const HOUR: Duration = Duration::from_hours(1);

/// Far below the poll, and far above what it takes.
const PROMPT: Duration = Duration::from_secs(10);

async fn comes_at_once(dialect: Dialect) {
    let world = World::new(dialect).await;
    let mut settings = settings();
    settings.poll = HOUR;
    let process = world.process_with(settings, HOUR).await;
    process.keep_ledger(&world);
    world.count("a").await;
    world.until_effects(&process, 1).await;
    let begun = Instant::now();
    for number in 2..=20 {
        world.count("a").await;
        world.until_effects(&process, number).await;
    }
    assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
    process.crash().await;
    world.remove().await;
}

#[tokio::test]
async fn an_event_of_the_same_process_comes_at_once() {
    comes_at_once(Dialect::Sqlite).await;
}

/// The producer has a bus of its own, which notifies; the consumer listens.
#[tokio::test]
async fn an_event_of_another_process_comes_at_once() {
    let world = World::new(Dialect::Postgres).await;
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
        db: world.producer.db().clone(),
        sources: sources.unwrap(),
        tasks: lifecycle.tasks(),
        clock: kit_runtime::Clock::system(),
        ids: kit_runtime::Ids::system(),
        metrics: None,
        settings: settings(),
    });
    let mut settings = settings();
    settings.poll = HOUR;
    let process = world.process_apart(settings, HOUR).await;
    process.keep_ledger(&world);
    world.count("a").await;
    world.until_effects(&process, 1).await;
    let begun = Instant::now();
    for number in 2..=20 {
        world.count("a").await;
        world.until_effects(&process, number).await;
    }
    assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
    process.crash().await;
    lifecycle.end().await;
    world.remove().await;
}
