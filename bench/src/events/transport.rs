//! How events travel from the counter to the ledger.

use anyhow::Context as _;
use kit_bus::{Broker, Carriers};
use kit_event::Event as _;
use kit_kafka::KafkaSettings;
use kit_rabbitmq::RabbitMqSettings;
use kit_runtime::{Clock, Ids, Secret};

use super::services::{Counted, Home, Woken};
use crate::folders::Folders;

/// Where the databases are, and what is between them.
pub(super) struct Transport {
    pub(super) home: Home,
    pub(super) woken: Woken,
    pub(super) carriers: Carriers,
}

/// The ways there are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
    /// As if the two were different processes.
    Notified,
    RabbitMq,
    Kafka,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Sqlite,
        Self::Postgres,
        Self::Notified,
        Self::RabbitMq,
        Self::Kafka,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Notified => "PostgreSQL, between processes",
            Self::RabbitMq => "PostgreSQL and RabbitMQ",
            Self::Kafka => "PostgreSQL and Kafka",
        }
    }

    /// The wanted 99th percentile from event to effect, in milliseconds.
    pub(super) const fn reach(self) -> f64 {
        match self {
            Self::Sqlite | Self::Postgres | Self::Notified => 50.0,
            Self::RabbitMq | Self::Kafka => 250.0,
        }
    }

    /// With databases that are empty, and a broker that has heard of nothing yet. There is one at a time.
    pub(super) fn open(self, folders: &Folders) -> anyhow::Result<Transport> {
        let home = match self {
            Self::Sqlite => Home::on_sqlite(folders)?,
            _ => Home::on_postgres(folders)?,
        };
        let broker = match self {
            Self::Sqlite | Self::Postgres | Self::Notified => None,
            Self::RabbitMq => Some(rabbitmq(folders)?),
            Self::Kafka => Some(kafka(folders)?),
        };
        let carriers = Carriers::embedded();
        Ok(Transport {
            home,
            woken: match self {
                Self::Notified => Woken::ByNotify,
                _ => Woken::InProcess,
            },
            carriers: match broker {
                Some(broker) => carriers.carry(Counted::TOPIC, &broker),
                None => carriers,
            },
        })
    }
}

fn rabbitmq(folders: &Folders) -> anyhow::Result<Broker> {
    let settings = RabbitMqSettings {
        exchange: fresh_name(),
        ..RabbitMqSettings::new(Secret::new(folders.server_url("rabbitmq")?))
    };
    Ok(kit_rabbitmq::open(settings, Clock::system(), Ids::system())?)
}

fn kafka(folders: &Folders) -> anyhow::Result<Broker> {
    let url = folders.server_url("kafka")?;
    let account = url
        .strip_prefix("kafka://")
        .and_then(|rest| rest.rsplit_once('@'));
    let (account, servers) = account.context("Kafka's URL has no account")?;
    let (user, password) = account.split_once(':').context("Kafka's URL has no password")?;
    let settings = KafkaSettings {
        user: Some(user.to_owned()),
        password: Secret::new(password.to_owned()),
        topic_prefix: format!("{}.", fresh_name()),
        ..KafkaSettings::new(servers.to_owned())
    };
    Ok(kit_kafka::open(settings, Clock::system(), Ids::system())?)
}

fn fresh_name() -> String {
    format!("bench-{}", Ids::system().uuid().simple())
}
