//! Nothing is lost, nothing is done twice, and a key's events come in order.

use std::sync::Arc;
use std::time::Duration;

use kit_bus::{Applied, Delivery, Effects, Failure, Inbox};
use kit_bus_testing::{
    CONSUMER, Counted, GROUP, PRODUCER, assert_in_order, both_fixtures, count_up, insert_effect, note,
};
use kit_db::{Reader, StoreError, Tx, sql};
use kit_event::Event;
use kit_runtime::Ids;
use kit_telemetry::{Metrics, TraceParent};
use tokio::task::JoinSet;

use crate::BusFixture;

both_fixtures! {
    async fn an_event_has_its_effect_once(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        for _ in 0..3 {
            fixture.count("a").await;
        }
        let effects = fixture.until_effects(&process, 3).await;
        assert_in_order(&effects);
        fixture.until_passed(&process).await;
        assert_eq!(fixture.effects(&process).await.len(), 3);
        process.crash().await;
    }

    async fn many_writers_lose_and_double_nothing(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        let mut writers = JoinSet::new();
        for writer in 0..8_u32 {
            let db = fixture.producer.db().clone();
            writers.spawn(async move {
                for round in 0..40_u32 {
                    let key = format!("key-{}", (writer + round) % 5);
                    db.write(async move |tx: &mut Tx| {
                        count_up(tx, &key).await?;
                        count_up(tx, &format!("own-{writer}")).await
                    })
                    .await
                    .unwrap();
                }
            });
        }
        writers.join_all().await;
        let effects = fixture.until_effects(&process, 8 * 40 * 2).await;
        assert_in_order(&effects);
        process.crash().await;
    }

    async fn a_restart_goes_on_where_it_was(fixture: &BusFixture) {
        for round in 1..=3 {
            let process = fixture.process().await;
            process.keep_ledger(fixture);
            for _ in 0..20 {
                fixture.count("a").await;
                fixture.count("b").await;
            }
            let effects = fixture.until_effects(&process, round * 40).await;
            assert_in_order(&effects);
            process.crash().await;
        }
    }

    async fn a_new_group_begins_at_the_beginning(fixture: &BusFixture) {
        // More than a page and more than a window.
        fixture.count_all(1_500, 50).await;
        fixture.consume_in_order(1_500).await;
    }

    async fn an_event_that_its_handler_leaves_alone_is_noted_as_done(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.listen(|_: Delivery<Counted>, _: Inbox| async { Ok(()) });
        fixture.count_all(3, 2).await;
        fixture.until("each is in the inbox", async || {
            let read = async |reader: &mut Reader| {
                sql("SELECT event_id FROM inbox WHERE consumer = 'ledger'").all(reader).await
            };
            process.db.read(read).await.unwrap().len() == 3
        })
        .await;
        process.crash().await;
    }

    async fn a_handler_sees_the_envelope(fixture: &BusFixture) {
        let process = fixture.process().await;
        let (seen, mut envelopes) = tokio::sync::mpsc::unbounded_channel();
        process.listen(move |delivery: Delivery<Counted>, _: Inbox| {
            let _ = seen.send(delivery);
            async { Ok(()) }
        });
        let trace = TraceParent::start(Ids::system().random());
        let before = fixture.producer.clock().now();
        let traced = fixture.producer.with_trace(trace);
        traced.write(async |tx: &mut Tx| count_up(tx, "a").await).await.unwrap();
        let Delivery { envelope, payload, attempt } = envelopes.recv().await.unwrap();
        assert_eq!((payload.number, attempt), (1, 1));
        assert_eq!(envelope.topic, Counted::TOPIC.name);
        assert_eq!(envelope.kind, Counted::TYPE);
        assert_eq!(envelope.source, "/stoa/counter");
        assert_eq!((envelope.key.as_str(), envelope.subject.as_str()), ("a", "a"));
        assert_eq!(envelope.trace, Some(trace));
        assert_eq!(envelope.sequence, Some(1));
        assert!(envelope.time >= before);
        let logged = process.bus.admin().tail(PRODUCER, None, 1).await.unwrap().unwrap();
        assert_eq!(envelope.id, logged[0].event_id);
        process.crash().await;
    }

    async fn what_an_effect_publishes_belongs_to_the_trace_of_its_event(fixture: &BusFixture) {
        let process = fixture.process().await;
        let moved = fixture.moved.clone();
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let moved = moved.clone();
            async move {
                inbox.apply(async move |tx: &mut Tx| {
                    tx.publish(delivery.payload);
                    Ok::<_, StoreError>(())
                }).await?;
                moved.notify_one();
                Ok(())
            }
        });
        let trace = TraceParent::start(Ids::system().random());
        let traced = fixture.producer.with_trace(trace);
        traced.write(async |tx: &mut Tx| count_up(tx, "a").await).await.unwrap();
        let admin = process.bus.admin();
        fixture.until("it is published", async || {
            let published = admin.tail(CONSUMER, None, 1).await.unwrap().unwrap();
            published.first().is_some_and(|event| event.headers.contains(&trace.to_string()))
        }).await;
        process.crash().await;
    }

    async fn a_second_effect_of_an_event_is_not_done(fixture: &BusFixture) {
        let process = fixture.process().await;
        let outcomes = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (seen, moved) = (outcomes.clone(), fixture.moved.clone());
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let (seen, moved) = (seen.clone(), moved.clone());
            async move {
                let counted = delivery.payload;
                let applied = inbox.apply(async move |tx: &mut Tx| {
                    insert_effect(tx, &counted).await?;
                    Ok::<_, StoreError>(counted.number)
                });
                let applied = applied.await?;
                seen.lock().unwrap().push(applied);
                moved.notify_one();
                Ok(())
            }
        });
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        let since = process.db.clock().now().minus(Duration::from_hours(1));
        process.bus.admin().replay_since(GROUP, since, Effects::Keep).await.unwrap();
        fixture.until("delivered again", async || outcomes.lock().unwrap().len() == 2).await;
        assert_eq!(*outcomes.lock().unwrap(), [Applied::Now(1), Applied::Before]);
        assert_eq!(fixture.effects(&process).await.len(), 1);
        process.crash().await;
    }

    async fn it_is_measured_how_a_group_stands(fixture: &BusFixture) {
        let metrics = Metrics::new();
        let process = fixture.process_measured(&metrics).await;
        process.listen(|delivery: Delivery<Counted>, inbox: Inbox| async move {
            if delivery.payload.key == "bad" {
                return Err(Failure::again("broken"));
            }
            note(delivery.payload, inbox).await
        });
        for key in ["good", "bad", "bad", "good"] {
            fixture.count(key).await;
        }
        let labels = "group=\"ledger\",source=\"counter\"";
        let expected = [
            format!("stoa_bus_events_total{{{labels},outcome=\"applied\"}} 2"),
            format!("stoa_bus_events_total{{{labels},outcome=\"dead\"}} 1"),
            format!("stoa_bus_events_total{{{labels},outcome=\"failed\"}} 3"),
            format!("stoa_bus_events_total{{{labels},outcome=\"parked\"}} 1"),
            format!("stoa_bus_retries_total{{{labels}}} 3"),
            format!("stoa_bus_parked_keys{{{labels}}} 1"),
            format!("stoa_bus_lag_rows{{{labels}}} 0"),
            format!("stoa_bus_oldest_event_seconds{{{labels}}} 0.0"),
            format!("stoa_bus_event_to_effect_seconds_count{{{labels}}} 2"),
            "stoa_bus_head_age_seconds{source=\"counter\"} 0.0".to_owned(),
        ];
        fixture.until("all is measured", async || {
            let text = metrics.encode();
            expected.iter().all(|line| text.contains(line))
        }).await;
        process.crash().await;
    }
}
