//! What carries the events of a story, and the foreign programs beside it.
//!
//! The servers that `cargo xtask backends up` starts are shared: a story has names of its own there (a prefix of
//! Kafka's topics, a virtual host at RabbitMQ, a prefix of Redis's keys), and takes away what it made. A story
//! that kills or stops a server brings one of its own.

use kit_testing::{KafkaServer, backend};
use serde_json::{Value, json};

use crate::foreign::order;
use crate::person::fresh;
use crate::server::Server;
use crate::setup::Setup;

/// How topic `transactions` travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// By Kafka, where it goes unless somebody says otherwise.
    Kafka,
    /// By RabbitMQ, because somebody says so.
    RabbitMq,
}

/// The brokers of a story. Declared before its processes, so that these end first.
pub struct Brokers {
    carrier: Carrier,
    /// What names begin with.
    name: String,
    kafka: Option<String>,
    rabbitmq: Option<String>,
    redis: Option<String>,
    /// Where the virtual host at the shared RabbitMQ was made; nowhere where the story has its own servers.
    management: Option<String>,
}

impl Brokers {
    /// RabbitMQ, Kafka and Redis, as everybody shares them.
    #[must_use]
    pub fn shared(carrier: Carrier) -> Self {
        let name = fresh("e2e");
        let management = backend("rabbitmq", "management_url");
        let made = json!({ "do": "make", "management": management, "vhost": name });
        let rabbitmq = backend("rabbitmq", "url");
        let (server, _) = rabbitmq.rsplit_once('/').unwrap_or((&rabbitmq, ""));
        let rabbitmq = format!("{server}/{name}");
        // It answers nothing but that it is done.
        let _ = order("rabbitmq.py", &made);
        Self {
            carrier,
            name,
            kafka: Some(backend("kafka", "url")),
            rabbitmq: Some(rabbitmq),
            redis: Some(backend("redis", "url")),
            management: Some(management),
        }
    }

    /// One broker alone, of the story's own.
    #[must_use]
    pub fn private(carrier: Carrier, server: &Server) -> Self {
        let (kafka, rabbitmq) = match carrier {
            Carrier::Kafka => (Some(server.url()), None),
            Carrier::RabbitMq => (None, Some(server.url())),
        };
        Self {
            carrier,
            name: "e2e".to_owned(),
            kafka,
            rabbitmq,
            redis: None,
            management: None,
        }
    }

    /// Which of them carries transactions.
    pub const fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// Tells a process.
    #[must_use]
    pub fn configure(&self, mut setup: Setup) -> Setup {
        if let Some(url) = &self.kafka {
            let kafka = KafkaServer::of_url(url);
            setup = setup
                .env("KAFKA_BROKERS", &kafka.address)
                .set("kafka.user", &kafka.user)
                .set("kafka.password", &kafka.password)
                .set("kafka.topic_prefix", &self.prefix())
                // Few, since the shared server has many stories.
                .set("kafka.partitions", "3");
        }
        if let Some(url) = &self.rabbitmq {
            setup = setup
                .env("AMQP_URL", url)
                .set("rabbitmq.exchange", &self.exchange());
        }
        if let Some(url) = &self.redis {
            setup = setup.env("REDIS_URL", url).set("redis.prefix", &self.name);
        }
        match self.carrier {
            Carrier::Kafka => setup,
            Carrier::RabbitMq => setup.set("carriers.transactions", "rabbitmq"),
        }
    }

    /// Somebody who hears everything that is published on topic `transactions` from now on, and of Kafka from
    /// the beginning.
    ///
    /// # Panics
    /// Where the broker does not answer.
    pub fn listen(&self) {
        if self.carrier == Carrier::RabbitMq {
            let _ = self.ask(json!({ "do": "listen", "queue": "witness", "key": "transactions.#" }));
        }
    }

    /// What somebody else hears of topic `transactions`, in order within each key: `key`, `headers`, `payload`.
    pub fn received(&self) -> Vec<Value> {
        let answer = match self.carrier {
            Carrier::Kafka => self.ask(json!({ "do": "consume", "topic": self.topic() })),
            Carrier::RabbitMq => self.ask(json!({ "do": "take", "queue": "witness" })),
        };
        answer.as_array().cloned().unwrap_or_default()
    }

    /// Somebody else publishes a message on topic `transactions`: its key, headers and payload.
    pub fn publish(&self, key: &str, headers: &Value, payload: &[u8]) {
        let mut wanted = json!({ "do": "publish", "headers": headers, "payload": payload });
        match self.carrier {
            Carrier::Kafka => {
                wanted["topic"] = json!(self.topic());
                wanted["key"] = json!(key);
            }
            Carrier::RabbitMq => wanted["key"] = json!("transactions.transaction.created"),
        }
        let _ = self.ask(wanted);
    }

    fn ask(&self, mut wanted: Value) -> Value {
        match self.carrier {
            Carrier::Kafka => {
                wanted["server"] = account(self.kafka.as_deref().unwrap_or_default());
                order("kafka.py", &wanted)
            }
            Carrier::RabbitMq => {
                wanted["url"] = json!(self.rabbitmq);
                wanted["exchange"] = json!(self.exchange());
                order("rabbitmq.py", &wanted)
            }
        }
    }

    fn prefix(&self) -> String {
        format!("{}.", self.name)
    }

    fn topic(&self) -> String {
        self.prefix() + "transactions"
    }

    fn exchange(&self) -> String {
        format!("{}.events", self.name)
    }
}

/// As the scripts want to have it.
fn account(url: &str) -> Value {
    let KafkaServer {
        address,
        user,
        password,
    } = KafkaServer::of_url(url);
    json!({ "servers": address, "user": user, "password": password })
}

impl Drop for Brokers {
    fn drop(&mut self) {
        let Some(management) = &self.management else {
            return;
        };
        if std::thread::panicking() {
            // What is left tells how it came.
            return;
        }
        let _ = order(
            "rabbitmq.py",
            &json!({ "do": "remove", "management": management, "vhost": self.name }),
        );
        let server = account(self.kafka.as_deref().unwrap_or_default());
        let forgotten = json!({ "do": "forget", "server": server, "prefix": self.prefix() });
        let _ = order("kafka.py", &forgotten);
    }
}
