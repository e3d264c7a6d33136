//! A service that counts, one that listens to it, and the processes that the latter runs in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_bus::{BusMetrics, BusSettings, Carriers, Failure, Inbox, Lag, RetrySettings};
use kit_db::{Db, DbSettings, Dialect, Migrations, Reader, StoreError, Tx, sql};
use kit_event::Event;
use kit_telemetry::{Metrics, Tracer};
use kit_testing::db::{TestDb, TestTarget};
use tokio::sync::Notify;

use crate::broker::{Embedded, TestBroker};
use crate::events::Counted;
use crate::process::{Process, Relaying, Setup};

/// The tables of both services.
pub static MIGRATIONS: Migrations =
    Migrations::new(&[("0001_counts.sql", include_str!("../migrations/0001_counts.sql"))]);

/// The service that counts.
pub const PRODUCER: &str = "counter";
/// The service that listens to it.
pub const CONSUMER: &str = "desk";
/// The usual group.
pub const GROUP: &str = "ledger";

/// Something is waited for at most so long; what is tested takes a small part of it.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// As many as a machine with other work counts within the limit of a transaction.
const PER_TRANSACTION: usize = 200;

/// The machine may have other work.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// The producer's database and the place of the consumer's.
pub struct BusFixture<B = Embedded> {
    /// The producer's database.
    pub producer: TestDb,
    /// Where the consumer's is.
    pub consumer: TestTarget,
    /// How events travel.
    pub broker: B,
    carriers: Carriers,
    /// The producer's own process, where there is something to relay.
    relaying: Mutex<Option<Relaying>>,
    /// Signalled whenever a handler of a process did something.
    pub moved: Arc<Notify>,
}

/// One effect: its key and number.
pub type Effect = (String, i64);

impl<B: TestBroker> BusFixture<B> {
    /// With a broker of the test's own, and a relay where there is something to relay.
    pub async fn new(dialect: Dialect) -> Self {
        let fixture = Self::unrelayed(dialect).await;
        if !fixture.carriers.brokers().is_empty() {
            fixture.start_relaying();
        }
        fixture
    }

    /// With the broker that the relay would use, and no relay yet.
    pub async fn unrelayed(dialect: Dialect) -> Self {
        Self::by(dialect, B::fresh()).await
    }

    /// With a broker of the test's choice, and no relay yet.
    pub async fn by(dialect: Dialect, broker: B) -> Self {
        let target = async || match dialect {
            Dialect::Sqlite => TestTarget::sqlite(),
            Dialect::Postgres => TestTarget::postgres().await,
        };
        let place = target().await;
        let mut settings = DbSettings::new(PRODUCER, place.target());
        settings.wait_limit = WAIT;
        settings.writers = 6;
        Self {
            producer: TestDb::open_with(place, settings, &MIGRATIONS).await,
            consumer: target().await,
            carriers: broker.carriers(),
            broker,
            relaying: Mutex::default(),
            moved: Arc::new(Notify::new()),
        }
    }

    /// Removes everything that the test has made.
    pub async fn remove(self) {
        self.stop_relaying().await;
        self.broker.remove().await;
        self.producer.finish().await;
        self.consumer.remove().await;
    }

    /// A process of the consumer with quick retries, which the producer runs in too.
    pub async fn process(&self) -> Process {
        self.process_with(settings(), Duration::from_secs(1)).await
    }

    /// As [`BusFixture::process`], measured.
    pub async fn process_measured(&self, metrics: &Metrics) -> Process {
        let mut setup = self.setup(settings(), Duration::from_secs(1));
        setup.metrics = Some(BusMetrics::new(metrics));
        Process::start(self.producer.target(), self.consumer.target(), setup).await
    }

    /// As [`BusFixture::process`], traced.
    pub async fn process_traced(&self, tracer: Tracer) -> Process {
        let mut setup = self.setup(settings(), Duration::from_secs(1));
        setup.tracer = tracer;
        Process::start(self.producer.target(), self.consumer.target(), setup).await
    }

    /// A process that the producer does not run in.
    pub async fn process_apart(&self, settings: BusSettings, poll: Duration) -> Process {
        let mut setup = self.setup(settings, poll);
        setup.published = None;
        Process::start(self.producer.target(), self.consumer.target(), setup).await
    }

    /// As [`BusFixture::process`], with other settings.
    pub async fn process_with(&self, settings: BusSettings, poll: Duration) -> Process {
        let setup = self.setup(settings, poll);
        Process::start(self.producer.target(), self.consumer.target(), setup).await
    }

    /// What a process is made of that the producer runs in too.
    pub fn setup(&self, settings: BusSettings, poll: Duration) -> Setup {
        Setup {
            settings,
            poll,
            published: Some(self.producer.published()),
            metrics: None,
            tracer: Tracer::off(),
            carriers: self.carriers.clone(),
        }
    }

    /// How far the producer's relays are.
    pub async fn relays(&self) -> Vec<Lag> {
        let admin = self
            .relaying
            .lock()
            .unwrap()
            .as_ref()
            .map(|relaying| relaying.bus.admin());
        admin.unwrap().lag().await.unwrap()
    }

    /// Starts the relays of the fixture's own producer.
    pub fn start_relaying(&self) {
        *self.relaying.lock().unwrap() = Some(self.relaying());
    }

    /// Ends the producer's process like a crash.
    pub async fn stop_relaying(&self) {
        let relaying = self.relaying.lock().unwrap().take();
        if let Some(relaying) = relaying {
            relaying.crash().await;
        }
    }

    /// The producer's own process, with its relays.
    pub fn relaying(&self) -> Relaying {
        self.relaying_with(settings())
    }

    /// As [`BusFixture::relaying`], with other settings.
    pub fn relaying_with(&self, settings: BusSettings) -> Relaying {
        let setup = self.setup(settings, Duration::from_secs(1));
        self.relaying_as(setup)
    }

    /// As [`BusFixture::relaying`], of something else.
    pub fn relaying_as(&self, setup: Setup) -> Relaying {
        let (producer, consumer) = (self.producer.target(), self.consumer.target());
        Relaying::start(Db::clone(&self.producer), producer, consumer, setup)
    }

    /// Counts up a key, and publishes that.
    pub async fn count(&self, key: &str) -> i64 {
        let key = key.to_owned();
        let counted = self
            .producer
            .write(async move |tx: &mut Tx| count_up(tx, &key).await);
        counted.await.unwrap()
    }

    /// Counts up keys in turn, each in a transaction of its own.
    pub async fn count_each(&self, events: usize, keys: usize) {
        for number in 0..events {
            self.count(&format!("key-{}", number % keys)).await;
        }
    }

    /// Counts up keys in turn, many in one transaction.
    pub async fn count_all(&self, events: usize, keys: usize) {
        for first in (0..events).step_by(PER_TRANSACTION) {
            let numbers = first..events.min(first + PER_TRANSACTION);
            let counted = self.producer.write(async move |tx: &mut Tx| {
                for number in numbers.clone() {
                    count_up(tx, &format!("key-{}", number % keys)).await?;
                }
                Ok::<_, StoreError>(())
            });
            counted.await.unwrap();
        }
    }

    /// Publishes an event of the producer's.
    pub async fn publish(&self, event: impl Event + Clone + Send + Sync + 'static) {
        let published = self.producer.write(async move |tx: &mut Tx| {
            tx.publish(event);
            Ok::<_, StoreError>(())
        });
        published.await.unwrap();
    }

    /// How many rows the producer's outbox has.
    pub async fn published(&self) -> usize {
        let rows = self.producer.read(async |reader: &mut Reader| {
            let row = sql("SELECT COUNT(*) FROM outbox").one(reader).await?;
            row.get::<u64>(0)
        });
        usize::try_from(rows.await.unwrap()).unwrap()
    }

    /// The effects so far, from a look of the test's own.
    pub async fn effects(&self, process: &Process) -> Vec<Effect> {
        effects(&process.db).await
    }

    /// Waits until there are so many effects, and looks whether there are more.
    pub async fn until_effects(&self, process: &Process, count: usize) -> Vec<Effect> {
        let mut seen = Vec::new();
        let reached = tokio::time::timeout(DEADLINE, async {
            loop {
                seen = effects(&process.db).await;
                if seen.len() >= count {
                    return;
                }
                self.pulse().await;
            }
        });
        let reached = reached.await;
        let last = &seen[seen.len().saturating_sub(20)..];
        assert!(
            reached.is_ok(),
            "{} of {count} effects, at last {last:?}",
            seen.len()
        );
        assert_eq!(seen.len(), count, "at last {last:?}");
        seen
    }

    /// Starts a process that writes down what each event counted, and ends it once there are so many effects, in
    /// order.
    pub async fn consume_in_order(&self, count: usize) {
        let process = self.process().await;
        process.keep_ledger(self);
        assert_in_order(&self.until_effects(&process, count).await);
        process.crash().await;
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let reached = tokio::time::timeout(DEADLINE, async {
            while !holds().await {
                self.pulse().await;
            }
        });
        assert!(reached.await.is_ok(), "never: {what}");
    }

    /// Waits until the group has passed the whole log, as far as its positions say.
    pub async fn until_passed(&self, process: &Process) {
        self.until("the whole log is passed", async || {
            let lag = process.bus.admin().lag().await.unwrap();
            !lag.is_empty() && lag.iter().all(|lag| lag.rows == 0)
        })
        .await;
    }

    /// A handler has moved, or a little time has passed.
    async fn pulse(&self) {
        let _ = tokio::time::timeout(Duration::from_millis(20), self.moved.notified()).await;
    }
}

/// Quick retries, short leases, no polls.
pub fn settings() -> BusSettings {
    BusSettings {
        lease: Duration::from_secs(3),
        checkpoint: Duration::from_millis(50),
        // What is done from outside is told.
        poll: Duration::from_hours(1),
        retry: RetrySettings {
            attempts: 4,
            first_pause: Duration::from_millis(5),
            longest_pause: Duration::from_millis(20),
        },
        ..BusSettings::default()
    }
}

/// The effect.
pub async fn note(counted: Counted, inbox: Inbox) -> Result<(), Failure> {
    inbox
        .apply(async move |tx: &mut Tx| insert_effect(tx, &counted).await)
        .await?;
    Ok(())
}

/// The statement of the effect.
pub async fn insert_effect(tx: &mut Tx, counted: &Counted) -> Result<(), StoreError> {
    sql("INSERT INTO effects (key, number, worker) VALUES ($1, $2, '')")
        .bind(&counted.key)
        .bind(counted.number)
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts up a key, and publishes that.
pub async fn count_up(tx: &mut Tx, key: &str) -> Result<i64, StoreError> {
    let row = sql("INSERT INTO counters (key, number) VALUES ($1, 1) \
         ON CONFLICT (key) DO UPDATE SET number = counters.number + 1 RETURNING number")
    .bind(key)
    .one(tx)
    .await?;
    let number = row.get("number")?;
    tx.publish(Counted {
        key: key.to_owned(),
        number,
    });
    Ok(number)
}

async fn effects(db: &Db) -> Vec<Effect> {
    let rows = db.read(async |reader: &mut Reader| {
        let rows = sql("SELECT key, number FROM effects ORDER BY place")
            .all(reader)
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("key")?, row.get("number")?)))
            .collect::<Result<Vec<_>, StoreError>>()
    });
    rows.await.unwrap()
}

/// Each key's numbers must be 1, 2, 3 … in the order of their effects.
pub fn assert_in_order(effects: &[Effect]) {
    let mut by_key: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (key, number) in effects {
        by_key.entry(key).or_default().push(*number);
    }
    for (key, numbers) in by_key {
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "key `{key}`");
    }
}

/// Defines tests that run on both databases, each with a `BusFixture` of the module's.
#[macro_export]
macro_rules! both_fixtures {
    ($($(#[$meta:meta])* async fn $name:ident($fixture:ident: &BusFixture) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn story($fixture: &BusFixture) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let fixture = BusFixture::new(kit_db::Dialect::Sqlite).await;
                story(&fixture).await;
                fixture.remove().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let fixture = BusFixture::new(kit_db::Dialect::Postgres).await;
                story(&fixture).await;
                fixture.remove().await;
            }
        }
    )*};
}
