//! Topics that are made, that grow, that lose their beginning, and that are not what they were.

use std::time::Duration;

use kit_bus_testing::{TestBroker as _, assert_in_order, both_fixtures};
use kit_db::Dialect;
use rdkafka::admin::{NewPartitions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::BusFixture;
use crate::broadcasting::listen;
use crate::support::{self, Kafka, PARTITIONS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_missing_is_made_as_it_should_be() {
    let fixture = BusFixture::new(Dialect::Sqlite).await;
    fixture.count("a").await;
    fixture
        .publish(kit_bus_testing::Paid { user: "u".to_owned() })
        .await;
    for (topic, kept) in [("counts", "604800000"), ("transactions", "-1")] {
        let kafka = &fixture.broker;
        assert_eq!(kafka.partitions(topic).await, i32::from(PARTITIONS));
        let name = kafka.topic(topic);
        let asked = ResourceSpecifier::Topic(&name);
        let described = kafka.admin().describe_configs([&asked], &Kafka::options()).await;
        let config = described.unwrap().remove(0).unwrap();
        let value = |name: &str| config.get(name).and_then(|entry| entry.value.clone());
        assert_eq!(value("retention.ms").as_deref(), Some(kept));
        assert_eq!(value("message.timestamp.type").as_deref(), Some("LogAppendTime"));
        assert_eq!(value("cleanup.policy").as_deref(), Some("delete"));
    }
    fixture.remove().await;
}

both_fixtures! {
    /// Retention, or an operator, was quicker than the group.
    async fn a_group_goes_on_with_what_a_topic_still_has(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(10, 1).await;
        fixture.until_effects(&process, 10).await;
        fixture.until_passed(&process).await;
        process.crash().await;
        fixture.count_all(10, 1).await;
        let kafka = &fixture.broker;
        let messages = kafka.read("counts", 20).await;
        let partition = messages[0].partition;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&kafka.topic("counts"), partition, Offset::Offset(15)).unwrap();
        kafka.admin().delete_records(&list, &Kafka::options()).await.unwrap();
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        let effects = fixture.until_effects(&process, 15).await;
        let numbers: Vec<i64> = effects[10..].iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers, [16, 17, 18, 19, 20]);
        fixture.until_passed(&process).await;
        process.crash().await;
    }

    async fn a_topic_that_was_made_anew_is_read_from_its_beginning(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(40, 7).await;
        fixture.until_effects(&process, 40).await;
        fixture.until_passed(&process).await;
        process.crash().await;
        fixture.stop_relaying().await;
        let kafka = &fixture.broker;
        make_anew(kafka).await;
        publish(kafka, "theirs", 1).await;
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.until_effects(&process, 41).await;
        fixture.start_relaying();
        fixture.count_all(40, 7).await;
        assert_in_order(&fixture.until_effects(&process, 81).await);
        process.crash().await;
    }

    async fn a_topic_that_is_made_anew_under_a_running_group_is_read_from_its_beginning(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(40, 7).await;
        fixture.until_effects(&process, 40).await;
        fixture.until_passed(&process).await;
        fixture.stop_relaying().await;
        let kafka = &fixture.broker;
        make_anew(kafka).await;
        publish(kafka, "theirs", 1).await;
        fixture.until_effects(&process, 41).await;
        fixture.start_relaying();
        fixture.count_all(40, 7).await;
        assert_in_order(&fixture.until_effects(&process, 81).await);
        process.crash().await;
    }

    async fn a_topic_that_grows_is_read_wherever_it_grows(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(40, 11).await;
        fixture.until_effects(&process, 40).await;
        let kafka = &fixture.broker;
        let topic = kafka.topic("counts");
        let more = NewPartitions::new(&topic, usize::from(PARTITIONS) * 2);
        kafka.admin().create_partitions([&more], &Kafka::options()).await.unwrap().remove(0).unwrap();
        // By a producer that knows of them.
        let partition = i32::from(PARTITIONS);
        for partition in [partition, partition + 3] {
            let payload = format!(r#"{{"key":"p{partition}","number":1}}"#);
            let record = FutureRecord::to(&topic).partition(partition).key(b"k".as_slice());
            kafka.publish(record.payload(payload.as_bytes()).headers(typed())).await;
        }
        fixture.until_effects(&process, 42).await;
        process.crash().await;
    }
}

/// Whoever looks at all partitions must look at all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broadcast_connects_again_when_a_topic_has_grown() {
    let fixture = BusFixture::new(Dialect::Sqlite).await;
    let process = fixture.process().await;
    let heard = listen(&process, &fixture);
    fixture.until("connected", async || heard.all() == [0]).await;
    let kafka = &fixture.broker;
    let topic = kafka.topic("counts");
    let more = NewPartitions::new(&topic, usize::from(PARTITIONS) + 1);
    let grown = kafka.admin().create_partitions([&more], &Kafka::options()).await;
    grown.unwrap().remove(0).unwrap();
    fixture
        .until("connected again", async || heard.all() == [0, 0])
        .await;
    let record = FutureRecord::to(&topic)
        .partition(i32::from(PARTITIONS))
        .key(b"k".as_slice());
    let payload = br#"{"key":"a","number":7}"#.as_slice();
    kafka.publish(record.payload(payload).headers(typed())).await;
    fixture.until("heard", async || heard.all() == [0, 0, 7]).await;
    process.crash().await;
    fixture.remove().await;
}

#[tokio::test]
async fn a_check_publishes_and_consumes() {
    let kafka = Kafka::fresh();
    let broker = support::made(kafka.settings.clone());
    for _ in 0..2 {
        broker.check().await.unwrap();
    }
    kafka.delete(&format!("{}.health", kafka.word)).await;
    let mut settings = kafka.settings.clone();
    settings.servers = "127.0.0.1:1".to_owned();
    settings.answer_limit = Duration::from_secs(1);
    let error = support::made(settings).check().await.unwrap_err().to_string();
    assert!(
        error.starts_with("kafka: making sure of the topic of checks: "),
        "{error}"
    );
}

fn typed() -> OwnedHeaders {
    OwnedHeaders::new().insert(Header {
        key: "ce_type",
        value: Some("count.changed"),
    })
}

async fn publish(kafka: &Kafka, key: &str, number: i64) {
    let payload = format!(r#"{{"key":"{key}","number":{number}}}"#);
    let topic = kafka.topic("counts");
    let record = FutureRecord::to(&topic)
        .key(key.as_bytes())
        .payload(payload.as_bytes());
    kafka.publish(record.headers(typed())).await;
}

async fn make_anew(kafka: &Kafka) {
    kafka.delete("counts").await;
    let topic = kafka.topic("counts");
    kit_testing::eventually("the topic is made anew", async || {
        let new = NewTopic::new(&topic, i32::from(PARTITIONS), TopicReplication::Fixed(1));
        let made = kafka
            .admin()
            .create_topics([&new], &Kafka::options())
            .await
            .unwrap()
            .remove(0);
        // The old one may not be gone yet, and whoever reads may have made a new one already.
        (made.is_ok() || kafka.partitions("counts").await > 0).then_some(())
    })
    .await;
}
