//! A failing event parks its own key and nothing else, until it succeeds or somebody decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use kit_bus::{Applied, Delivery, Failure, Inbox};
use kit_bus_testing::{
    Counted, GROUP, Garbled, Process, Reset, assert_in_order, both_fixtures, insert_effect, note, settings,
};
use kit_db::{StoreError, Tx};
use kit_event::Event;

use crate::BusFixture;

/// A handler that fails for the key `bad` until it is mended.
fn listen_broken(process: &Process, fixture: &BusFixture) -> Arc<AtomicBool> {
    let mended = Arc::new(AtomicBool::new(false));
    let (is_mended, moved) = (mended.clone(), fixture.moved.clone());
    process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
        let (is_mended, moved) = (is_mended.clone(), moved.clone());
        async move {
            moved.notify_one();
            if delivery.payload.key == "bad" && !is_mended.load(Ordering::SeqCst) {
                return Err(Failure::again("broken"));
            }
            note(delivery.payload, inbox).await
        }
    });
    mended
}

async fn until_dead(fixture: &BusFixture, process: &Process, letters: usize) {
    let admin = process.bus.admin();
    fixture
        .until("dead letters", async || {
            admin.dead_letters(Some(GROUP)).await.unwrap().len() == letters
        })
        .await;
}

async fn publish_garbled(fixture: &BusFixture, key: &'static str) {
    let garbled = fixture.producer.write(async move |tx: &mut Tx| {
        tx.publish(Garbled { key: key.to_owned() });
        Ok::<_, StoreError>(())
    });
    garbled.await.unwrap();
}

both_fixtures! {
    async fn a_failing_event_parks_its_key_and_nothing_else_and_a_replay_mends_it(fixture: &BusFixture) {
        let process = fixture.process().await;
        let mended = listen_broken(&process, fixture);
        for _ in 0..5 {
            for key in ["good", "bad", "fine"] {
                fixture.count(key).await;
            }
        }
        let effects = fixture.until_effects(&process, 10).await;
        assert_in_order(&effects);
        assert!(effects.iter().all(|(key, _)| key != "bad"));
        until_dead(fixture, &process, 1).await;
        fixture.until_passed(&process).await;
        let admin = process.bus.admin();
        let letter = admin.dead_letters(None).await.unwrap().remove(0);
        assert_eq!((letter.key.as_str(), letter.attempts, letter.behind), ("bad", 4, 4));
        assert_eq!(letter.reason, "broken");
        assert_eq!(letter.kind, Counted::TYPE);
        let event = admin.parked_event(GROUP, &letter.event_id).await.unwrap().unwrap();
        assert_eq!(event.payload, r#"{"key":"bad","number":1}"#);
        assert!(event.is_dead);
        let lag = admin.lag().await.unwrap();
        assert_eq!((lag[0].parked, lag[0].dead), (5, 1));
        mended.store(true, Ordering::SeqCst);
        assert!(admin.replay(GROUP, &letter.event_id).await.unwrap());
        let effects = fixture.until_effects(&process, 15).await;
        assert_in_order(&effects);
        fixture.until("nothing is parked", async || admin.lag().await.unwrap()[0].parked == 0).await;
        fixture.count("bad").await;
        assert_in_order(&fixture.until_effects(&process, 16).await);
        assert_eq!(admin.lag().await.unwrap()[0].parked, 0);
        assert!(!admin.replay(GROUP, &letter.event_id).await.unwrap(), "it is not parked any more");
        process.crash().await;
    }

    async fn a_replay_that_fails_is_a_dead_letter_again(fixture: &BusFixture) {
        let process = fixture.process().await;
        listen_broken(&process, fixture);
        fixture.count("bad").await;
        until_dead(fixture, &process, 1).await;
        let admin = process.bus.admin();
        assert_eq!(admin.replay_all(GROUP).await.unwrap(), 1);
        fixture.until("dead again", async || {
            let letters = admin.dead_letters(None).await.unwrap();
            letters.first().is_some_and(|letter| letter.attempts == 4)
        }).await;
        process.crash().await;
    }

    async fn a_payload_that_cannot_be_read_is_a_dead_letter_at_once(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        publish_garbled(fixture, "a").await;
        fixture.count("a").await;
        fixture.count("b").await;
        until_dead(fixture, &process, 1).await;
        let admin = process.bus.admin();
        let letter = admin.dead_letters(None).await.unwrap().remove(0);
        assert_eq!(letter.attempts, 1);
        assert!(letter.reason.starts_with("the payload cannot be read: missing field"), "{}", letter.reason);
        fixture.until_effects(&process, 1).await;
        fixture.until("the other waits", async || admin.lag().await.unwrap()[0].parked == 2).await;
        assert!(admin.drop_event(GROUP, &letter.event_id).await.unwrap());
        let effects = fixture.until_effects(&process, 2).await;
        assert_eq!(effects, [("b".to_owned(), 1), ("a".to_owned(), 1)]);
        assert!(!admin.drop_event(GROUP, &letter.event_id).await.unwrap());
        process.crash().await;
    }

    async fn a_failure_that_is_final_is_not_tried_again(fixture: &BusFixture) {
        let process = fixture.process().await;
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        process.listen(move |_, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Err(Failure::never("no such account")) }
        });
        fixture.count("a").await;
        until_dead(fixture, &process, 1).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        process.crash().await;
    }

    async fn a_parked_key_survives_a_restart(fixture: &BusFixture) {
        let process = fixture.process().await;
        listen_broken(&process, fixture);
        for _ in 0..3 {
            fixture.count("bad").await;
        }
        until_dead(fixture, &process, 1).await;
        fixture.until_passed(&process).await;
        process.crash().await;
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count("bad").await;
        fixture.count("good").await;
        let admin = process.bus.admin();
        fixture.until_effects(&process, 1).await;
        fixture.until("all of the key wait", async || admin.lag().await.unwrap()[0].parked == 4).await;
        admin.replay_all(GROUP).await.unwrap();
        assert_in_order(&fixture.until_effects(&process, 5).await);
        process.crash().await;
    }

    async fn a_dropped_event_never_happens(fixture: &BusFixture) {
        let process = fixture.process().await;
        listen_broken(&process, fixture);
        fixture.count("bad").await;
        until_dead(fixture, &process, 1).await;
        let admin = process.bus.admin();
        let letter = admin.dead_letters(None).await.unwrap().remove(0);
        admin.drop_event(GROUP, &letter.event_id).await.unwrap();
        process.crash().await;
        // Whatever position the group had reached, the event is delivered again and has no effect.
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        process.bus.admin().replay_since(
            GROUP,
            process.db.clock().now().minus(Duration::from_hours(1)),
            kit_bus::Effects::Keep,
        ).await.unwrap();
        fixture.count("bad").await;
        assert_eq!(fixture.until_effects(&process, 1).await, [("bad".to_owned(), 2)]);
        process.crash().await;
    }

    async fn a_handler_that_panics_is_tried_again(fixture: &BusFixture) {
        let process = fixture.process().await;
        let moved = fixture.moved.clone();
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let moved = moved.clone();
            async move {
                assert!(delivery.attempt > 1, "on purpose");
                let noted = note(delivery.payload, inbox).await;
                moved.notify_one();
                noted
            }
        });
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        process.crash().await;
    }

    async fn a_handler_that_hangs_is_tried_again_and_holds_up_its_key_alone(fixture: &BusFixture) {
        let mut settings = settings();
        settings.handler_limit = Duration::from_secs(2);
        let process = fixture.process_with(settings, Duration::from_secs(1)).await;
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| async move {
            if delivery.payload.key == "slow" && delivery.attempt == 1 {
                std::future::pending::<()>().await;
            }
            note(delivery.payload, inbox).await
        });
        fixture.count("slow").await;
        fixture.count("slow").await;
        fixture.count("quick").await;
        let effects = fixture.until_effects(&process, 3).await;
        assert_in_order(&effects);
        assert_eq!(effects[0].0, "quick");
        process.crash().await;
    }

    async fn an_effect_that_fails_hurts_no_other(fixture: &BusFixture) {
        let process = fixture.process().await;
        let moved = fixture.moved.clone();
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let moved = moved.clone();
            async move {
                let (attempt, counted) = (delivery.attempt, delivery.payload);
                let fails = attempt == 1 && counted.number % 5 == 0;
                let applied = inbox.apply(async move |tx: &mut Tx| {
                    insert_effect(tx, &counted).await?;
                    if fails {
                        // A statement that fails, and with it the transaction.
                        kit_db::sql("INSERT INTO counters (key, number) VALUES ('x', NULL)").execute(tx).await?;
                    }
                    Ok::<_, StoreError>(counted.number)
                });
                let applied = applied.await?;
                moved.notify_one();
                assert!(matches!(applied, Applied::Now(_)));
                Ok(())
            }
        });
        fixture.count_each(100, 10).await;
        assert_in_order(&fixture.until_effects(&process, 100).await);
        process.crash().await;
    }

    async fn a_type_that_nobody_handles_is_passed(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        let reset = fixture.producer.write(async move |tx: &mut Tx| {
            tx.publish(Reset { key: "a".to_owned() });
            Ok::<_, StoreError>(())
        });
        reset.await.unwrap();
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        fixture.until_passed(&process).await;
        assert_eq!(process.bus.admin().lag().await.unwrap()[0].parked, 0);
        process.crash().await;
    }

    async fn an_event_without_an_effect_is_passed(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.listen(|_, _| async { Ok(()) });
        for _ in 0..50 {
            fixture.count("a").await;
        }
        fixture.until_passed(&process).await;
        process.crash().await;
    }
}
