//! The Kafka of a test: topics and groups whose names begin with a word of its own, at the test server or at one
//! that only the test has.

use std::collections::BTreeMap;
use std::time::Duration;

use kit_bus::{Broker, Carriers};
use kit_bus_testing::{COUNTS, DEADLINE, TRANSACTIONS, TestBroker};
use kit_kafka::KafkaSettings;
use kit_runtime::{Clock, Ids, Secret};
use kit_testing::KafkaServer;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// Of the topics that our own side makes.
pub(crate) const PARTITIONS: u16 = 4;

pub(crate) struct Kafka {
    pub(crate) server: KafkaServer,
    pub(crate) word: String,
    pub(crate) settings: KafkaSettings,
}

/// What a broker and everybody else keep of one message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) payload: String,
    pub(crate) headers: BTreeMap<String, String>,
}

/// Few partitions, so that they are soon made, and quick looks.
fn settings(server: &KafkaServer, word: &str) -> KafkaSettings {
    KafkaSettings {
        user: Some(server.user.clone()),
        password: Secret::new(server.password.clone()),
        prefix: word.to_owned(),
        topic_prefix: format!("{word}."),
        partitions: PARTITIONS,
        look: Duration::from_secs(1),
        ..KafkaSettings::new(&server.address)
    }
}

pub(crate) fn made(settings: KafkaSettings) -> Broker {
    kit_kafka::open(settings, Clock::system(), Ids::system()).unwrap()
}

impl TestBroker for Kafka {
    const PROGRAM: &'static str = "kafka-program";

    fn fresh() -> Self {
        Self::of(kit_testing::kafka_server())
    }

    fn at(address: &str) -> Self {
        let (word, url) = address.split_once('@').unwrap();
        Self::named(KafkaServer::of_url(url), word.to_owned())
    }

    fn address(&self) -> String {
        let KafkaServer {
            address,
            user,
            password,
        } = &self.server;
        format!("{}@kafka://{user}:{password}@{address}", self.word)
    }

    fn carriers(&self) -> Carriers {
        let broker = made(self.settings.clone());
        Carriers::embedded()
            .carry(&COUNTS, &broker)
            .carry(&TRANSACTIONS, &broker)
    }

    async fn remove(self) {
        for topic in ["counts", "transactions"] {
            self.delete(topic).await;
        }
    }
}

impl Kafka {
    pub(crate) fn of(server: KafkaServer) -> Self {
        Self::named(server, format!("test-{}", Ids::system().uuid().simple()))
    }

    fn named(server: KafkaServer, word: String) -> Self {
        Self {
            settings: settings(&server, &word),
            server,
            word,
        }
    }

    /// A topic's name at the server.
    pub(crate) fn topic(&self, topic: &str) -> String {
        format!("{}.{topic}", self.word)
    }

    /// A client of somebody else's.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.server.address)
            .set("security.protocol", "SASL_PLAINTEXT")
            .set("sasl.mechanisms", "PLAIN")
            .set("sasl.username", &self.server.user)
            .set("sasl.password", &self.server.password);
        config
    }

    pub(crate) fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().unwrap()
    }

    pub(crate) fn options() -> AdminOptions {
        AdminOptions::new()
            .request_timeout(Some(DEADLINE))
            .operation_timeout(Some(DEADLINE))
    }

    /// What somebody else publishes, after what they published before.
    pub(crate) async fn publish(&self, record: FutureRecord<'_, [u8], [u8]>) {
        let producer: FutureProducer = self.config().create().unwrap();
        let published = producer.send(record, DEADLINE).await;
        published.map_err(|(error, _)| error).unwrap();
    }

    /// A reader of somebody else's, under a group's name but in no group.
    pub(crate) fn reader(&self, group: &str) -> BaseConsumer {
        let mut config = self.config();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "error");
        config.create().unwrap()
    }

    /// The first messages of a topic, as somebody else reads them.
    pub(crate) async fn read(&self, topic: &str, count: usize) -> Vec<Message> {
        let reader = self.reader("others");
        let name = self.topic(topic);
        let partitions = self.partitions(topic).await;
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(&name, partition, Offset::Beginning)
                .unwrap();
        }
        reader.assign(&list).unwrap();
        let mut messages = Vec::new();
        kit_testing::eventually("somebody else reads it", async || {
            while let Some(polled) = reader.poll(Duration::ZERO) {
                messages.push(Message::of(&polled.unwrap().detach()));
            }
            (messages.len() >= count).then_some(())
        })
        .await;
        messages
    }

    /// How many partitions a topic has, once it is there.
    pub(crate) async fn partitions(&self, topic: &str) -> i32 {
        let reader = self.reader("others");
        let name = self.topic(topic);
        kit_testing::eventually("the topic is there", async || {
            let metadata = reader.fetch_metadata(Some(&name), DEADLINE).unwrap();
            let partitions = metadata.topics()[0].partitions();
            let is_led = partitions.iter().all(|partition| partition.leader() >= 0);
            let count = i32::try_from(partitions.len()).unwrap();
            (count > 0 && is_led).then_some(count)
        })
        .await
    }

    pub(crate) async fn delete(&self, topic: &str) {
        let name = self.topic(topic);
        let deleted = self.admin().delete_topics(&[&name], &Self::options()).await;
        // One that nobody made is gone already.
        assert_eq!(deleted.unwrap().len(), 1);
    }
}

impl Message {
    fn of(message: &OwnedMessage) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let headers = message.headers().into_iter().flat_map(|headers| {
            let all = headers.iter();
            all.map(|header| (header.key.to_owned(), text(header.value.unwrap_or_default())))
        });
        Self {
            partition: message.partition(),
            key: message.key().map(text).unwrap_or_default(),
            payload: message.payload().map(text).unwrap_or_default(),
            headers: headers.collect(),
        }
    }
}
