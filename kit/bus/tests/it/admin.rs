//! What operators see and do.

use std::time::Duration;

use kit_bus::{Admin, Effects};
use kit_bus_testing::{CONSUMER, Counted, GROUP, PRODUCER, assert_in_order, both_fixtures};
use kit_db::{Reader, sql};

use crate::BusFixture;

both_fixtures! {
    async fn a_log_can_be_looked_at(fixture: &BusFixture) {
        let process = fixture.process().await;
        for _ in 0..5 {
            fixture.count("a").await;
        }
        let admin = process.bus.admin();
        let last = admin.tail(PRODUCER, None, 2).await.unwrap().unwrap();
        let counted = |payload: &str| serde_json::from_str::<Counted>(payload).unwrap().number;
        let numbers: Vec<i64> = last.iter().map(|event| counted(&event.payload)).collect();
        assert_eq!(numbers, [4, 5]);
        assert_eq!((last[0].topic.as_str(), last[0].kind.as_str()), ("counts", "count.changed"));
        let after = admin.tail(PRODUCER, Some(last[0].position), 10).await.unwrap().unwrap();
        assert_eq!(after, last[1..]);
        assert_eq!(admin.tail("nobody", None, 10).await.unwrap(), None);
        process.crash().await;
    }

    async fn lag_tells_how_far_a_group_is(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        fixture.until_passed(&process).await;
        let lag = process.bus.admin().lag().await.unwrap();
        assert_eq!(lag.len(), 1);
        assert_eq!((lag[0].consumer.as_str(), lag[0].source.as_str(), lag[0].rows), (GROUP, PRODUCER, 0));
        assert_eq!(lag[0].oldest, None);
        process.crash().await;
        for _ in 0..3 {
            fixture.count("a").await;
        }
        let process = fixture.process().await;
        let lag = process.bus.admin().lag().await.unwrap();
        assert_eq!(lag[0].rows, 3);
        assert!(lag[0].oldest.is_some());
        process.crash().await;
    }

    async fn a_replay_that_keeps_effects_delivers_again_and_does_nothing_twice(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        for _ in 0..10 {
            fixture.count("a").await;
        }
        fixture.until_effects(&process, 10).await;
        fixture.until_passed(&process).await;
        let admin = process.bus.admin();
        let since = process.db.clock().now().minus(Duration::from_hours(1));
        let replayed = admin.replay_since(GROUP, since, Effects::Keep).await.unwrap();
        assert_eq!((replayed[0].source.as_str(), replayed[0].after), (PRODUCER, 0));
        fixture.until_passed(&process).await;
        fixture.count("a").await;
        assert_in_order(&fixture.until_effects(&process, 11).await);
        process.crash().await;
    }

    async fn a_replay_that_repeats_effects_does_them_again_in_order(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        for _ in 0..10 {
            fixture.count("a").await;
        }
        fixture.until_effects(&process, 10).await;
        let admin = process.bus.admin();
        let since = process.db.clock().now().minus(Duration::from_hours(1));
        admin.replay_since(GROUP, since, Effects::Repeat).await.unwrap();
        let effects = fixture.until_effects(&process, 20).await;
        assert_in_order(&effects[..10]);
        assert_in_order(&effects[10..]);
        fixture.count("a").await;
        fixture.until_effects(&process, 21).await;
        process.crash().await;
    }

    async fn a_replay_reaches_back_no_further_than_it_was_told(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        for _ in 0..10 {
            fixture.count("a").await;
        }
        fixture.until_effects(&process, 10).await;
        // As if all but the last three were published a day ago.
        let aged = fixture.producer.write(async |tx: &mut kit_db::Tx| {
            sql("UPDATE outbox SET created_at = created_at - 86400000000 WHERE position <= \
                 (SELECT MAX(position) - 3 FROM outbox)").execute(tx).await
        });
        aged.await.unwrap();
        let since = process.db.clock().now().minus(Duration::from_hours(1));
        let replayed = process.bus.admin().replay_since(GROUP, since, Effects::Keep).await.unwrap();
        let last = fixture.producer.read(async |reader: &mut Reader| {
            sql("SELECT MAX(position) FROM outbox").one(reader).await?.get::<i64>(0)
        });
        assert_eq!(replayed[0].after, last.await.unwrap() - 3);
        process.crash().await;
    }

    async fn a_service_without_a_process_can_be_looked_after(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.listen(|_, _| async { Err(kit_bus::Failure::never("no")) });
        fixture.count("a").await;
        let admin = process.bus.admin();
        fixture.until("a dead letter", async || !admin.dead_letters(None).await.unwrap().is_empty()).await;
        process.crash().await;
        // A command line opens the database and reads no events.
        let process = fixture.process().await;
        let beside = Admin::new(process.db.clone(), kit_bus::Sources::open(Vec::new(), kit_bus::SourcesDeps {
            tasks: process.lifecycle.tasks(),
            metrics: None,
            poll: Duration::from_secs(1),
        }).unwrap());
        let letter = beside.dead_letters(Some(GROUP)).await.unwrap().remove(0);
        assert!(beside.dead_letters(Some(CONSUMER)).await.unwrap().is_empty());
        assert!(beside.replay(GROUP, &letter.event_id).await.unwrap());
        assert!(beside.dead_letters(None).await.unwrap().is_empty());
        process.keep_ledger(fixture);
        fixture.until_effects(&process, 1).await;
        process.crash().await;
    }
}
