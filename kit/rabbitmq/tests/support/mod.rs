//! The RabbitMQ of a test: an exchange of its own on the test server, and queues whose names begin with it.

use std::time::Duration;

use futures::StreamExt;
use kit_bus::{Broker, Carriers};
use kit_bus_testing::{CONSUMER, COUNTS, DEADLINE, GROUP, PRODUCER, Proxy, TRANSACTIONS, TestBroker};
use kit_rabbitmq::RabbitMqSettings;
use kit_runtime::{Clock, Ids, Secret};
use lapin::message::Delivery;
use lapin::options::{
    BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
    ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};

pub(crate) struct Rabbit {
    pub(crate) exchange: String,
    /// How our own side reaches it.
    url: String,
}

/// Quick in its pauses, and patient with a machine that has other work.
pub(crate) fn settings(url: String, exchange: &str) -> RabbitMqSettings {
    RabbitMqSettings {
        exchange: exchange.to_owned(),
        delivery_limit: 40,
        first_pause: Duration::from_millis(20),
        longest_pause: Duration::from_millis(200),
        ..RabbitMqSettings::new(Secret::new(url))
    }
}

pub(crate) fn made(settings: RabbitMqSettings) -> Broker {
    kit_rabbitmq::open(settings, Clock::system(), Ids::system()).unwrap()
}

/// A way to the test server that can be cut.
pub(crate) async fn proxy() -> Proxy {
    let url = kit_testing::rabbitmq_url();
    let (_, address) = url.split_once('@').unwrap();
    let (address, _) = address.split_once('/').unwrap();
    Proxy::start(address.to_owned()).await
}

/// The test server's address by that way.
pub(crate) fn url_by(proxy: &Proxy) -> String {
    let url = kit_testing::rabbitmq_url();
    let (before, after) = url.split_once('@').unwrap();
    let (_, vhost) = after.split_once('/').unwrap();
    format!("{before}@127.0.0.1:{}/{vhost}", proxy.port())
}

impl TestBroker for Rabbit {
    const PROGRAM: &'static str = "rabbitmq-program";

    fn fresh() -> Self {
        Self::reached_by(kit_testing::rabbitmq_url())
    }

    fn at(address: &str) -> Self {
        let (exchange, url) = address.split_once('@').unwrap();
        Self {
            exchange: exchange.to_owned(),
            url: url.to_owned(),
        }
    }

    fn address(&self) -> String {
        format!("{}@{}", self.exchange, self.url)
    }

    fn carriers(&self) -> Carriers {
        let broker = self.broker();
        Carriers::embedded()
            .carry(&COUNTS, &broker)
            .carry(&TRANSACTIONS, &broker)
    }

    async fn remove(self) {
        let queues = [
            self.queue(),
            self.dead_queue(),
            self.join_queue("counts"),
            self.join_queue("transactions"),
        ];
        for queue in queues {
            self.delete(&queue).await;
        }
        for exchange in ["", ".joins", ".dead"] {
            self.delete_exchange(&format!("{}{exchange}", self.exchange))
                .await;
        }
        self.delete_exchange(&format!("{}.counts", self.queue())).await;
    }
}

impl Rabbit {
    /// The test server, which our own side reaches by this URL.
    pub(crate) fn reached_by(url: String) -> Self {
        Self {
            exchange: format!("test-{}", Ids::system().uuid().simple()),
            url,
        }
    }

    pub(crate) fn broker(&self) -> Broker {
        made(settings(self.url.clone(), &self.exchange))
    }

    pub(crate) fn queue(&self) -> String {
        format!("{}.{CONSUMER}.{GROUP}", self.exchange)
    }

    pub(crate) fn dead_queue(&self) -> String {
        format!("{}.dead", self.queue())
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self) -> (Connection, Channel) {
        let url = kit_testing::rabbitmq_url();
        let connection = Connection::connect(&url, ConnectionProperties::default());
        let connection = connection.await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    /// What somebody else publishes.
    pub(crate) async fn publish(&self, routing_key: &str, properties: BasicProperties, payload: &[u8]) {
        let (_connection, channel) = self.connect().await;
        let exchange = self.exchange.as_str().into();
        let options = BasicPublishOptions::default();
        let select = ConfirmSelectOptions::default();
        channel.confirm_select(select).await.unwrap();
        let published = channel.basic_publish(exchange, routing_key.into(), options, payload, properties);
        assert!(published.await.unwrap().await.unwrap().is_ack());
    }

    /// The next message of a queue, taken for good.
    pub(crate) async fn take(&self, queue: &str) -> Option<Delivery> {
        let (_connection, channel) = self.connect().await;
        let got = channel
            .basic_get(queue.into(), BasicGetOptions { no_ack: true })
            .await
            .unwrap();
        got.map(|message| message.delivery)
    }

    /// The next messages of a queue, by somebody who goes away before they are acknowledged. Nobody else may
    /// have any of them by then.
    pub(crate) async fn take_and_go(&self, queue: &str, count: usize) {
        let (connection, channel) = self.connect().await;
        let options = BasicConsumeOptions::default();
        let consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default());
        let mut consumer = consumer.await.unwrap();
        let came = async {
            for _ in 0..count {
                consumer.next().await.unwrap().unwrap();
            }
        };
        tokio::time::timeout(DEADLINE, came).await.unwrap();
        connection.close(200, "OK".into()).await.unwrap();
    }

    /// A queue as an operator makes it, bound by a key.
    pub(crate) async fn bind(&self, queue: &str, routing_key: &str) {
        let (_connection, channel) = self.connect().await;
        let options = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        let declared = channel.queue_declare(queue.into(), options, FieldTable::default());
        declared.await.unwrap();
        let bound = channel.queue_bind(
            queue.into(),
            self.exchange.as_str().into(),
            routing_key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        bound.await.unwrap();
    }

    /// The exchange, where nobody has made it yet.
    pub(crate) async fn declare_exchange(&self) {
        let (_connection, channel) = self.connect().await;
        let options = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        let kind = ExchangeKind::Topic;
        let declared = channel.exchange_declare(
            self.exchange.as_str().into(),
            kind,
            options,
            FieldTable::default(),
        );
        declared.await.unwrap();
    }

    pub(crate) async fn delete(&self, queue: &str) {
        let (_connection, channel) = self.connect().await;
        let deleted = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
        deleted.await.unwrap();
    }

    pub(crate) async fn delete_exchange(&self, exchange: &str) {
        let (_connection, channel) = self.connect().await;
        let deleted = channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default());
        deleted.await.unwrap();
    }

    /// Where the relay of a topic hears of new groups.
    fn join_queue(&self, topic: &str) -> String {
        format!("{}.relay.{PRODUCER}.{topic}", self.exchange)
    }
}
