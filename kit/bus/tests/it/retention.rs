//! Rows of the outbox go when they are old and nobody needs them any more.

use std::time::Duration;

use kit_bus::{Bus, BusDeps, RetentionSettings, Source, Sources, SourcesDeps};
use kit_bus_testing::{CONSUMER, PRODUCER, Paid, TOPICS, both_fixtures, settings};
use kit_db::{Reader, sql};
use kit_runtime::{FakeClock, Ids, Lifecycle};

use crate::BusFixture;

const DAY: Duration = Duration::from_hours(24);

/// The producer's own bus, which removes rows, some time later.
fn producers_bus(fixture: &BusFixture, lifecycle: &Lifecycle, later: Duration) -> Bus {
    let source = |service, topics, target| Source {
        service,
        topics,
        target,
        published: None,
    };
    let sources = Sources::open(
        vec![
            source(PRODUCER, TOPICS, fixture.producer.target()),
            source(CONSUMER, &[], fixture.consumer.target()),
        ],
        SourcesDeps {
            tasks: lifecycle.tasks(),
            metrics: None,
            poll: Duration::from_secs(1),
        },
    );
    let clock = FakeClock::at(fixture.producer.clock().now().plus(later)).clock();
    let mut settings = settings();
    settings.retention = RetentionSettings {
        kept: DAY,
        gone_after: 7 * DAY,
        period: 365 * DAY,
    };
    Bus::new(BusDeps {
        db: fixture.producer.db().clone(),
        sources: sources.unwrap(),
        tasks: lifecycle.tasks(),
        clock,
        ids: Ids::system(),
        metrics: None,
        tracer: kit_telemetry::Tracer::off(),
        settings,
    })
}

async fn rows(fixture: &BusFixture) -> i64 {
    let rows = fixture
        .producer
        .read(async |reader: &mut Reader| sql("SELECT COUNT(*) FROM outbox").one(reader).await?.get(0));
    rows.await.unwrap()
}

both_fixtures! {
    async fn rows_go_when_they_are_old_and_passed(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        for _ in 0..10 {
            fixture.count("a").await;
        }
        fixture.until_effects(&process, 10).await;
        fixture.until_passed(&process).await;
        process.crash().await;
        let lifecycle = Lifecycle::new();
        let early = producers_bus(fixture, &lifecycle, DAY / 2);
        assert_eq!(early.trim().await.unwrap(), 0, "they are young");
        fixture.count("a").await;
        let late = producers_bus(fixture, &lifecycle, DAY + Duration::from_mins(1));
        assert_eq!(late.trim().await.unwrap(), 10, "the last is not passed");
        assert_eq!(rows(fixture).await, 1);
        // What comes next is delivered although what was before it is gone.
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count("a").await;
        fixture.until_effects(&process, 12).await;
        process.crash().await;
        lifecycle.end().await;
    }

    async fn a_consumer_that_is_gone_holds_nothing(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        fixture.until_passed(&process).await;
        process.crash().await;
        fixture.count("a").await;
        let lifecycle = Lifecycle::new();
        let soon = producers_bus(fixture, &lifecycle, 6 * DAY);
        assert_eq!(soon.trim().await.unwrap(), 1);
        let later = producers_bus(fixture, &lifecycle, 8 * DAY);
        assert_eq!(later.trim().await.unwrap(), 1);
        assert_eq!(rows(fixture).await, 0);
        lifecycle.end().await;
    }

    async fn some_topics_are_kept_for_ever(fixture: &BusFixture) {
        let process = fixture.process().await;
        fixture.publish(Paid { user: "u".to_owned() }).await;
        fixture.count("a").await;
        let lifecycle = Lifecycle::new();
        let late = producers_bus(fixture, &lifecycle, 400 * DAY);
        assert_eq!(late.trim().await.unwrap(), 1);
        assert_eq!(late.trim().await.unwrap(), 0);
        assert_eq!(rows(fixture).await, 1);
        process.crash().await;
        lifecycle.end().await;
    }

    async fn a_consumer_that_cannot_be_asked_holds_everything(fixture: &BusFixture) {
        fixture.count("a").await;
        let lifecycle = Lifecycle::new();
        // The consumer's database has never been made.
        let late = producers_bus(fixture, &lifecycle, 400 * DAY);
        assert_eq!(late.trim().await.unwrap(), 0);
        assert_eq!(rows(fixture).await, 1);
        lifecycle.end().await;
    }
}
