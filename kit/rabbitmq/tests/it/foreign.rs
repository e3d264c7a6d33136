//! What others see of our events, and what becomes of theirs.

use kit_bus::{Delivery, Inbox};
use kit_bus_testing::{Counted, GROUP, Moved, Process, both_fixtures, note};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

use crate::BusFixture;

fn headers(entries: &[(&str, &str)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert((*name).into(), AMQPValue::LongString((*value).into()));
    }
    table
}

fn text(headers: &FieldTable, name: &str) -> Option<String> {
    match headers.inner().get(name) {
        Some(AMQPValue::LongString(text)) => Some(text.to_string()),
        _ => None,
    }
}

both_fixtures! {
    async fn an_event_travels_with_all_its_attributes_and_an_untouched_payload(fixture: &BusFixture) {
        let process = fixture.process().await;
        let envelopes = process.keep_envelopes(fixture);
        let foreign = format!("{}.foreign", fixture.broker.exchange);
        fixture.count("k").await;
        fixture.until_effects(&process, 1).await;
        envelopes.lock().unwrap().clear();
        fixture.broker.bind(&foreign, "counts.#").await;
        fixture.publish(Moved { key: "k", number: 5 }).await;
        fixture.until_effects(&process, 2).await;
        let envelope = envelopes.lock().unwrap().remove(0);
        assert_eq!((envelope.topic.as_str(), envelope.kind.as_str()), ("counts", "count.changed"));
        assert_eq!((envelope.source.as_str(), envelope.subject.as_str()), ("/stoa/counter", "counter-7"));
        assert_eq!((envelope.key.as_str(), envelope.sequence), ("k", Some(5)));
        let message = fixture.broker.take(&foreign).await.unwrap();
        assert_eq!(message.routing_key.as_str(), "counts.count.changed");
        assert_eq!(message.data, br#"{"key":"k","number":5}"#);
        let properties = &message.properties;
        assert_eq!(properties.message_id().as_ref().unwrap().as_str(), envelope.id);
        assert_eq!(properties.content_type().as_ref().unwrap().as_str(), "application/json");
        assert_eq!(*properties.delivery_mode(), Some(2));
        let headers = properties.headers().as_ref().unwrap();
        for (name, value) in [
            ("ce_specversion", "1.0"),
            ("ce_id", &envelope.id),
            ("ce_type", "count.changed"),
            ("ce_source", "/stoa/counter"),
            ("ce_subject", "counter-7"),
            ("ce_time", &envelope.time.to_string()),
            ("sequence", "5"),
            ("ce_partitionkey", "k"),
        ] {
            assert_eq!(text(headers, name).as_deref(), Some(value), "{name}");
        }
        process.crash().await;
        fixture.broker.delete(&foreign).await;
    }

    async fn events_of_others_are_taken_as_far_as_they_can_be_understood(fixture: &BusFixture) {
        let process = fixture.process().await;
        let envelopes = process.keep_envelopes(fixture);
        fixture.count("ours").await;
        fixture.until_effects(&process, 1).await;
        let rabbit = &fixture.broker;
        let payload = |number: i64| format!(r#"{{"key":"theirs","number":{number},"more":true}}"#);
        let full = BasicProperties::default().with_headers(headers(&[
            ("cloudEvents:id", "their-1"),
            ("cloudEvents:type", "count.changed"),
            ("cloudEvents:source", "https://example.com/counter"),
            ("cloudEvents:subject", "theirs"),
            ("cloudEvents:time", "2026-01-02T03:04:05Z"),
            ("cloudEvents:specversion", "1.0"),
        ]));
        rabbit.publish("counts.whatever", full, payload(1).as_bytes()).await;
        let bare = BasicProperties::default().with_message_id("their-2".into());
        rabbit.publish("counts.count.changed", bare.clone(), payload(2).as_bytes()).await;
        // The same once more, and a type that nobody handles.
        rabbit.publish("counts.count.changed", bare, payload(2).as_bytes()).await;
        let unknown = BasicProperties::default().with_message_id("their-3".into());
        rabbit.publish("counts.count.lost", unknown, b"{}").await;
        fixture.count("ours").await;
        let effects = fixture.until_effects(&process, 4).await;
        assert_eq!(effects.iter().filter(|(key, _)| key == "theirs").count(), 2);
        let envelopes = envelopes.lock().unwrap().clone();
        let theirs = envelopes.iter().find(|envelope| envelope.id == "their-1").unwrap();
        assert_eq!(theirs.source, "https://example.com/counter");
        assert_eq!(theirs.time.to_string(), "2026-01-02T03:04:05.000000Z");
        assert_eq!(theirs.key, "theirs");
        process.crash().await;
    }

    async fn what_cannot_be_read_is_a_dead_letter_and_holds_up_nothing(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count("ours").await;
        fixture.until_effects(&process, 1).await;
        let rabbit = &fixture.broker;
        let with_id = |id: &str| BasicProperties::default().with_message_id(id.into());
        rabbit.publish("counts.count.changed", with_id("their-1"), b"{").await;
        rabbit.publish("counts.count.changed", with_id("their-2"), b"\xff\xfe").await;
        let version = with_id("their-3").with_headers(headers(&[("ce_specversion", "0.3")]));
        rabbit.publish("counts.count.changed", version, b"{}").await;
        let time = with_id("their-4").with_headers(headers(&[("ce_time", "yesterday")]));
        rabbit.publish("counts.count.changed", time, b"{}").await;
        let nobody = BasicProperties::default();
        rabbit.publish("counts.count.changed", nobody, b"no identity").await;
        fixture.count("ours").await;
        fixture.until_effects(&process, 2).await;
        let admin = process.bus.admin();
        fixture.until("dead letters", async || admin.dead_letters(Some(GROUP)).await.unwrap().len() == 4).await;
        let mut letters = admin.dead_letters(Some(GROUP)).await.unwrap();
        letters.sort_by(|one, other| one.event_id.cmp(&other.event_id));
        let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
        assert!(reasons[0].starts_with("the payload cannot be read: "), "{reasons:?}");
        assert!(reasons[1].starts_with("the payload is no text: "), "{reasons:?}");
        assert_eq!(reasons[2], "version `0.3` of `CloudEvents` is not known");
        assert!(reasons[3].starts_with("the headers cannot be read: "), "{reasons:?}");
        let dead = kit_testing::eventually("the broker has the other", async || {
            rabbit.take(&rabbit.dead_queue()).await
        });
        assert_eq!(dead.await.data, b"no identity");
        fixture.until_passed(&process).await;
        process.crash().await;
    }

    async fn what_is_delivered_again_and_again_is_a_dead_letter(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        // So that there is a queue, and nothing in it.
        fixture.count("ours").await;
        fixture.until_effects(&process, 1).await;
        process.finish().await;
        fixture.count("ours").await;
        let rabbit = &fixture.broker;
        // Somebody takes it and goes away, again and again.
        for _ in 0..20 {
            rabbit.take_and_go(&rabbit.queue(), 1).await;
        }
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        let letter = the_dead_letter(fixture, &process).await;
        assert_eq!(fixture.effects(&process).await.len(), 1);
        process.bus.admin().replay(GROUP, &letter).await.unwrap();
        fixture.until_effects(&process, 2).await;
        process.crash().await;
    }

    async fn what_was_done_is_no_dead_letter_however_often_it_is_delivered(fixture: &BusFixture) {
        let process = fixture.process().await;
        let moved = fixture.moved.clone();
        // The broker hears of nothing behind what is stuck.
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let moved = moved.clone();
            async move {
                if delivery.payload.key == "stuck" {
                    std::future::pending::<()>().await;
                }
                let noted = note(delivery.payload, inbox).await;
                moved.notify_one();
                noted
            }
        });
        fixture.count("stuck").await;
        fixture.count("done").await;
        fixture.until_effects(&process, 1).await;
        process.crash().await;
        let rabbit = &fixture.broker;
        for _ in 0..20 {
            rabbit.take_and_go(&rabbit.queue(), 2).await;
        }
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        let letter = the_dead_letter(fixture, &process).await;
        fixture.count("done").await;
        fixture.until_effects(&process, 2).await;
        let admin = process.bus.admin();
        admin.replay(GROUP, &letter).await.unwrap();
        fixture.until_effects(&process, 3).await;
        assert!(admin.dead_letters(Some(GROUP)).await.unwrap().is_empty());
        process.crash().await;
    }
}

/// The event that was delivered so often that it is a dead letter; there is no other.
async fn the_dead_letter(fixture: &BusFixture, process: &Process) -> String {
    let admin = process.bus.admin();
    fixture
        .until("a dead letter", async || {
            !admin.dead_letters(Some(GROUP)).await.unwrap().is_empty()
        })
        .await;
    let mut letters = admin.dead_letters(Some(GROUP)).await.unwrap();
    let letter = letters.remove(0);
    assert!(letters.is_empty(), "{letters:?}");
    // A process that crashed may have had it too.
    let count = letter.reason.strip_prefix("it was delivered ");
    let count =
        count.and_then(|rest| rest.strip_suffix(" times, and whoever had it went away without an answer"));
    let count: u32 = count.unwrap().parse().unwrap();
    assert!((20..=21).contains(&count), "{count}");
    letter.event_id
}
