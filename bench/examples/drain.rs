//! How fast events become effects: drained from a backlog, and one at a time.
//!
//! `drain sqlite FOLDER` or `drain postgres URL SCHEMA SCHEMA`, and the URL of a RabbitMQ or a Kafka behind it where
//! that is to carry them; build it with `--profile dist`. Each effect is a row of its own in the consumer's database,
//! committed and synced. Draining includes the relay's part of the way.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::time::{Duration, Instant};

use kit_bus::{
    BrokerError, Bus, BusDeps, BusSettings, Carriers, Delivery, Failure, Inbox, Source, Sources, SourcesDeps,
};
use kit_db::{Db, DbSettings, DbTarget, Migrations, Reader, StoreError, Tx, sql};
use kit_event::{CarrierClass, Event, Retention, Topic};
use kit_kafka::KafkaSettings;
use kit_rabbitmq::RabbitMqSettings;
use kit_runtime::{Clock, Ids, Lifecycle, Secret, Timestamp};
use kit_testing::KafkaServer;
use kit_testing::db::deps;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

static MIGRATIONS: Migrations = Migrations::new(&[(
    "0001_counts.sql",
    include_str!("../../kit/bus-testing/migrations/0001_counts.sql"),
)]);

const BACKLOG: i64 = 60_000;
const KEYS: i64 = 2_000;
const SINGLE: i64 = 1_000;

const COUNTS: Topic = Topic {
    name: "counts",
    retention: Retention::Usual,
    carrier: CarrierClass::Stream,
    key: "the counter's name",
};

#[derive(Serialize, Deserialize)]
struct Counted {
    key: String,
    number: i64,
    at: i64,
}

impl Event for Counted {
    const TOPIC: &'static Topic = &COUNTS;
    const TYPE: &'static str = "count.changed";

    fn key(&self) -> String {
        self.key.clone()
    }
}

type Answer = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Answer {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (places_of, carriers) = match arguments.split_last() {
        Some((url, rest)) if url.starts_with("amqp") => (rest, by_rabbitmq(url)?),
        Some((url, rest)) if url.starts_with("kafka") => (rest, by_kafka(url)?),
        _ => (&arguments[..], Carriers::embedded()),
    };
    let (producer, consumer) = targets(places_of)?;
    let lifecycle = Lifecycle::new();
    let deps = deps(&lifecycle);
    let from = Db::open(DbSettings::new("counter", producer.clone()), &MIGRATIONS, &deps).await?;
    let to = Db::open(DbSettings::new("desk", consumer), &MIGRATIONS, &deps).await?;
    let source = Source {
        service: "counter",
        topics: &[&COUNTS],
        target: producer,
        published: Some(from.published()),
    };
    let sources = SourcesDeps {
        tasks: lifecycle.tasks(),
        metrics: None,
        poll: Duration::from_secs(1),
    };
    let sources = Sources::open_carried(vec![source], Vec::new(), carriers, sources)?;
    let bus = |db: &Db| {
        Bus::new(BusDeps {
            db: db.clone(),
            sources: sources.clone(),
            tasks: lifecycle.tasks(),
            clock: Clock::system(),
            ids: Ids::system(),
            metrics: None,
            tracer: kit_telemetry::Tracer::off(),
            settings: BusSettings::default(),
        })
    };
    let (_relaying, listening) = (bus(&from), bus(&to));
    measure(&listening, &from).await?;
    let rows = to.read(async |reader: &mut Reader| {
        let row = sql("SELECT COUNT(*) FROM effects").one(reader).await?;
        row.get::<i64>(0)
    });
    println!("{} effects, {} expected", rows.await?, BACKLOG + SINGLE);
    lifecycle.end().await;
    Ok(())
}

fn by_rabbitmq(url: &str) -> Result<Carriers, BrokerError> {
    let ids = Ids::system();
    let settings = RabbitMqSettings {
        exchange: format!("drain-{}", ids.uuid().simple()),
        ..RabbitMqSettings::new(Secret::new(url.to_owned()))
    };
    let broker = kit_rabbitmq::open(settings, Clock::system(), ids)?;
    Ok(Carriers::embedded().carry(&COUNTS, &broker))
}

fn by_kafka(url: &str) -> Result<Carriers, BrokerError> {
    let ids = Ids::system();
    let server = KafkaServer::of_url(url);
    let settings = KafkaSettings {
        user: Some(server.user),
        password: Secret::new(server.password),
        topic_prefix: format!("drain-{}.", ids.uuid().simple()),
        ..KafkaSettings::new(server.address)
    };
    let broker = kit_kafka::open(settings, Clock::system(), ids)?;
    Ok(Carriers::embedded().carry(&COUNTS, &broker))
}

/// The producer's and the consumer's.
fn targets(arguments: &[&str]) -> Result<(DbTarget, DbTarget), Box<dyn Error + Send + Sync>> {
    match *arguments {
        ["sqlite", folder] => {
            let file = |name| DbTarget::Sqlite {
                file: std::path::Path::new(folder).join(name),
            };
            Ok((file("producer.db"), file("consumer.db")))
        }
        ["postgres", url, producer, consumer] => {
            let schema = |schema: &str| DbTarget::Postgres {
                url: Secret::new(url.to_owned()),
                schema: schema.to_owned(),
            };
            Ok((schema(producer), schema(consumer)))
        }
        _ => Err("which database?".into()),
    }
}

async fn measure(bus: &Bus, from: &Db) -> Answer {
    for first in (0..BACKLOG).step_by(500) {
        publish(from, first, 500).await?;
    }
    let (done, mut effects) = mpsc::unbounded_channel();
    let (clock, begun) = (from.clock().clone(), Instant::now());
    bus.group("ledger")
        .on::<Counted>(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let (clock, done) = (clock.clone(), done.clone());
            async move {
                let at = note(delivery.payload, inbox).await?;
                let took = clock.now().since(at);
                done.send(took).map_err(Failure::again)
            }
        })
        .start()?;
    for _ in 0..BACKLOG {
        effects.recv().await.ok_or("the group ended")?;
    }
    let millis = i64::try_from(begun.elapsed().as_millis())?;
    println!(
        "drained {BACKLOG} events at {} a second",
        BACKLOG * 1_000 / millis
    );
    let mut latencies = Vec::new();
    for number in 0..SINGLE {
        publish(from, number, 1).await?;
        latencies.push(effects.recv().await.ok_or("the group ended")?);
    }
    latencies.sort_unstable();
    let at = |share: usize| latencies[latencies.len() * share / 1_000];
    let (middle, slow, slowest) = (at(500), at(990), at(999));
    println!("event to effect: p50 {middle:?}, p99 {slow:?}, p99.9 {slowest:?}");
    Ok(())
}

async fn note(counted: Counted, inbox: Inbox) -> Result<Timestamp, Failure> {
    let at = Timestamp::from_micros(counted.at);
    inbox
        .apply(async move |tx: &mut Tx| {
            sql("INSERT INTO effects (key, number, worker) VALUES ($1, $2, '')")
                .bind(&counted.key)
                .bind(counted.number)
                .execute(tx)
                .await
        })
        .await?;
    Ok(at)
}

/// Its moment is the one before the unit begins: what is measured includes the producer's commit.
async fn publish(db: &Db, first: i64, count: i64) -> Answer {
    let at = db.clock().now().as_micros();
    db.write(async move |tx: &mut Tx| {
        for number in first..first + count {
            tx.publish(Counted {
                key: format!("key-{}", number % KEYS),
                number,
                at,
            });
        }
        Ok::<_, StoreError>(())
    })
    .await?;
    Ok(())
}
