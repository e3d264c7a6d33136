//! What others see of our events, and what becomes of theirs.

use std::collections::BTreeMap;
use std::time::Duration;

use kit_bus_testing::{DEADLINE, GROUP, Moved, Process, both_fixtures};
use kit_db::{Dialect, StoreError, Tx};
use kit_runtime::Ids;
use kit_telemetry::TraceParent;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};

use crate::BusFixture;
use crate::support::Kafka;

fn headers(entries: &[(&str, &str)]) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new();
    for (key, value) in entries {
        headers = headers.insert(Header {
            key,
            value: Some(*value),
        });
    }
    headers
}

/// What somebody else publishes to the topic of counts.
async fn publish(kafka: &Kafka, key: Option<&str>, entries: &[(&str, &str)], payload: &[u8]) {
    let topic = kafka.topic("counts");
    let mut record = FutureRecord::to(&topic)
        .payload(payload)
        .headers(headers(entries));
    if let Some(key) = key {
        record = record.key(key.as_bytes());
    }
    kafka.publish(record).await;
}

/// Somebody else's producer sends a count.
async fn send_count(producer: &FutureProducer, kafka: &Kafka, key: &str, payload: &str) {
    let topic = kafka.topic("counts");
    let typed = headers(&[("ce_type", "count.changed")]);
    let record = FutureRecord::to(&topic).key(key).payload(payload).headers(typed);
    let sent = producer.send(record, DEADLINE).await;
    sent.map_err(|(error, _)| error).unwrap();
}

/// The keys of so many effects, sorted.
async fn keys_of_effects(fixture: &BusFixture, process: &Process, count: usize) -> Vec<String> {
    let effects = fixture.until_effects(process, count).await;
    let mut keys: Vec<String> = effects.into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys
}

both_fixtures! {
    async fn an_event_travels_with_its_attributes_a_key_and_an_untouched_payload(fixture: &BusFixture) {
        let process = fixture.process().await;
        let envelopes = process.keep_envelopes(fixture);
        let trace = TraceParent::start(Ids::system().random());
        let traced = fixture.producer.with_trace(trace);
        traced.write(async |tx: &mut Tx| {
            tx.publish(Moved { key: "k", number: 5 });
            Ok::<_, StoreError>(())
        }).await.unwrap();
        fixture.until_effects(&process, 1).await;
        let envelope = envelopes.lock().unwrap().remove(0);
        assert_eq!((envelope.topic.as_str(), envelope.kind.as_str()), ("counts", "count.changed"));
        assert_eq!((envelope.source.as_str(), envelope.subject.as_str()), ("/stoa/counter", "counter-7"));
        assert_eq!((envelope.key.as_str(), envelope.sequence), ("k", Some(5)));
        assert_eq!(envelope.trace, Some(trace));
        let message = fixture.broker.read("counts", 1).await.remove(0);
        assert_eq!(message.key, "k");
        assert_eq!(message.payload, r#"{"key":"k","number":5}"#);
        let expected = [
            ("ce_specversion", "1.0".to_owned()),
            ("ce_id", envelope.id),
            ("ce_type", "count.changed".to_owned()),
            ("ce_source", "/stoa/counter".to_owned()),
            ("ce_subject", "counter-7".to_owned()),
            ("ce_time", envelope.time.to_string()),
            ("sequence", "5".to_owned()),
            ("traceparent", trace.to_string()),
            ("content-type", "application/json".to_owned()),
        ];
        let expected: BTreeMap<_, _> = expected.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(message.headers, expected);
        process.crash().await;
    }

    async fn events_of_others_are_taken_as_far_as_they_can_be_understood(fixture: &BusFixture) {
        let process = fixture.process().await;
        let envelopes = process.keep_envelopes(fixture);
        let kafka = &fixture.broker;
        kafka.partitions("counts").await;
        let payload = |number: i64| format!(r#"{{"key":"theirs","number":{number},"more":true}}"#);
        let binary = [
            ("ce_id", "1"),
            ("ce_type", "count.changed"),
            ("ce_source", "https://example.com/counter"),
            ("ce_subject", "counter-9"),
            ("ce_time", "2026-01-02T03:04:05Z"),
            ("ce_specversion", "1.0"),
            ("content-type", "application/json"),
        ];
        publish(kafka, Some("theirs"), &binary, payload(1).as_bytes()).await;
        // The same once more, and one that only says what type it is of.
        publish(kafka, Some("theirs"), &binary, payload(1).as_bytes()).await;
        publish(kafka, Some("theirs"), &[("ce_type", "count.changed")], payload(2).as_bytes()).await;
        let whole = format!(
            r#"{{"specversion":"1.0","id":"1","type":"count.changed","source":"till","subject":"s","data":{}}}"#,
            payload(3)
        );
        publish(kafka, Some("theirs"), &[("content-type", "application/cloudevents+json")], whole.as_bytes()).await;
        publish(kafka, None, &[("CE_TYPE", "count.changed"), ("ce_subject", "s")], payload(4).as_bytes()).await;
        publish(kafka, Some("theirs"), &[("ce_type", "count.lost")], b"{}").await;
        fixture.count("ours").await;
        let effects = fixture.until_effects(&process, 5).await;
        let mut numbers: Vec<i64> =
            effects.iter().filter(|(key, _)| key == "theirs").map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4]);
        fixture.until_passed(&process).await;
        let envelopes = envelopes.lock().unwrap().clone();
        let of = |id: &str| envelopes.iter().find(|envelope| envelope.id == id).unwrap();
        let first = of("https://example.com/counter#1");
        assert_eq!(first.source, "https://example.com/counter");
        assert_eq!(first.subject, "counter-9");
        assert_eq!(first.time.to_string(), "2026-01-02T03:04:05.000000Z");
        assert_eq!(first.key, "theirs");
        assert_eq!((of("till#1").subject.as_str(), of("till#1").key.as_str()), ("s", "theirs"));
        let keyless = envelopes.iter().find(|envelope| envelope.key == "s").unwrap();
        assert!(keyless.id.starts_with("counts/"), "{}", keyless.id);
        assert_eq!(process.bus.admin().lag().await.unwrap()[0].parked, 0);
        process.crash().await;
    }

    async fn what_cannot_be_read_is_a_dead_letter_and_holds_up_nothing(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        let kafka = &fixture.broker;
        kafka.partitions("counts").await;
        let typed = ("ce_type", "count.changed");
        publish(kafka, Some("1"), &[typed], b"{").await;
        publish(kafka, Some("2"), &[typed], b"\xff\xfe").await;
        publish(kafka, Some("3"), &[typed], b"{\"key\":\"\0\"}").await;
        publish(kafka, Some("4"), &[typed, ("ce_specversion", "0.3")], b"{}").await;
        publish(kafka, Some("5"), &[], br#"{"key":"untyped","number":1}"#).await;
        publish(kafka, Some("6"), &[typed, ("sequence", "first")], b"{}").await;
        publish(kafka, Some("7"), &[typed, ("ce_time", "yesterday")], br#"{"key":"timeless","number":1}"#).await;
        let topic = kafka.topic("counts");
        let empty = FutureRecord::to(&topic).key(b"8".as_slice()).headers(headers(&[typed]));
        kafka.publish(empty).await;
        fixture.count("ours").await;
        fixture.until_effects(&process, 2).await;
        let admin = process.bus.admin();
        fixture.until("dead letters", async || admin.dead_letters(Some(GROUP)).await.unwrap().len() == 7).await;
        let letters = admin.dead_letters(Some(GROUP)).await.unwrap();
        let reason = |key: &str| letters.iter().find(|letter| letter.key == key).unwrap().reason.as_str();
        assert!(reason("1").starts_with("the payload cannot be read: "), "{letters:?}");
        assert!(reason("2").starts_with("the payload is no text: "), "{letters:?}");
        assert_eq!(reason("3"), "the payload is no text: it contains NUL");
        assert_eq!(reason("4"), "version `0.3` of `CloudEvents` is not known");
        assert_eq!(reason("5"), "it does not say what type it is of");
        assert!(reason("6").starts_with("the sequence cannot be read: "), "{letters:?}");
        assert!(reason("8").starts_with("the payload cannot be read: "), "{letters:?}");
        fixture.until_passed(&process).await;
        process.crash().await;
    }
}

/// Java's clients hash these keys so (`UtilsTest.testMurmur2` of Apache Kafka), and make the number positive by
/// taking its sign bit away.
const HASHES: [(&str, i32); 5] = [
    ("21", -973_932_308),
    ("foobar", -790_332_482),
    ("a-little-bit-long-string", -985_981_536),
    ("a-little-bit-longer-string", -1_486_304_829),
    ("abc", 479_470_107),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_lies_in_the_partition_where_javas_clients_look_for_it() {
    let fixture = BusFixture::new(Dialect::Sqlite).await;
    for (key, _) in HASHES {
        fixture.count(key).await;
    }
    let kafka = &fixture.broker;
    let messages = kafka.read("counts", HASHES.len()).await;
    let partitions = kafka.partitions("counts").await;
    for (key, hash) in HASHES {
        let message = messages.iter().find(|message| message.key == key).unwrap();
        assert_eq!(message.partition, (hash & i32::MAX) % partitions, "{key}");
    }
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_may_compress_in_any_way() {
    let fixture = BusFixture::new(Dialect::Sqlite).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    let kafka = &fixture.broker;
    kafka.partitions("counts").await;
    let ways = ["none", "gzip", "snappy", "lz4", "zstd"];
    for way in ways {
        let producer: FutureProducer = kafka.config().set("compression.type", way).create().unwrap();
        let payload = format!(r#"{{"key":"{way}","number":1,"more":"{}"}}"#, "x".repeat(10_000));
        send_count(&producer, kafka, way, &payload).await;
    }
    let keys = keys_of_effects(&fixture, &process, ways.len()).await;
    assert_eq!(keys, ["gzip", "lz4", "none", "snappy", "zstd"]);
    process.crash().await;
    fixture.remove().await;
}

/// What another producer took back never happened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_in_a_transaction_comes_once_it_is_committed() {
    let fixture = BusFixture::new(Dialect::Sqlite).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    let kafka = &fixture.broker;
    kafka.partitions("counts").await;
    let producer: FutureProducer = kafka
        .config()
        .set("transactional.id", &kafka.word)
        .create()
        .unwrap();
    producer.init_transactions(DEADLINE).unwrap();
    for (key, is_kept) in [("aborted", false), ("committed", true)] {
        producer.begin_transaction().unwrap();
        let payload = format!(r#"{{"key":"{key}","number":1}}"#);
        send_count(&producer, kafka, "k", &payload).await;
        if is_kept {
            producer.commit_transaction(DEADLINE).unwrap();
        } else {
            producer.abort_transaction(DEADLINE).unwrap();
        }
    }
    fixture.count("afterwards").await;
    let keys = keys_of_effects(&fixture, &process, 2).await;
    assert_eq!(keys, ["afterwards", "committed"]);
    process.crash().await;
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafkas_own_tools_see_how_far_a_group_is() {
    use rdkafka::consumer::Consumer as _;
    use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

    let fixture = BusFixture::new(Dialect::Sqlite).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    fixture.count_all(20, 5).await;
    fixture.until_effects(&process, 20).await;
    let kafka = &fixture.broker;
    let reader = kafka.reader(&format!("{}.{}.{GROUP}", kafka.word, kit_bus_testing::CONSUMER));
    let mut list = TopicPartitionList::new();
    let partitions = kafka.partitions("counts").await;
    list.add_partition_range(&kafka.topic("counts"), 0, partitions - 1);
    // Noted every few seconds.
    fixture
        .until("all offsets are noted", async || {
            let noted = reader
                .committed_offsets(list.clone(), Duration::from_secs(10))
                .unwrap();
            let offsets = noted
                .elements()
                .into_iter()
                .map(|element| match element.offset() {
                    Offset::Offset(offset) => offset,
                    _ => 0,
                });
            offsets.sum::<i64>() == 20
        })
        .await;
    process.crash().await;
    fixture.remove().await;
}
