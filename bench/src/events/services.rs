//! The two services, in this process.

use std::path::PathBuf;
use std::time::Instant;

use kit_bus::{
    Applied, Bus, BusDeps, BusSettings, Carriers, Delivery, Failure, Inbox, Source, Sources, SourcesDeps,
};
use kit_db::{Db, DbDeps, DbSettings, DbTarget, Migrations, StoreError, Tx, sql};
use kit_event::{CarrierClass, Event, Retention, Topic};
use kit_runtime::{Clock, Ids, Lifecycle, Secret};
use serde::{Deserialize, Serialize};

use super::transport::Transport;
use crate::database::Database;
use crate::folders::Folders;

const COUNTER: &str = "counter";
const LEDGER: &str = "ledger";

static MIGRATIONS: Migrations = Migrations::new(&[("0001_entries.sql", ENTRIES)]);

/// An effect that happened twice is refused.
const ENTRIES: &str = "CREATE TABLE entries (
    consumer TEXT COLLATE \"C\" NOT NULL,
    key      TEXT COLLATE \"C\" NOT NULL,
    number   BIGINT NOT NULL,
    PRIMARY KEY (consumer, key, number)
);
";

const COUNTS: Topic = Topic {
    name: "counts",
    retention: Retention::Usual,
    carrier: CarrierClass::Stream,
    key: "the counter's name",
};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Counted {
    pub(super) key: String,
    pub(super) number: i64,
    /// When it began to be published, in microseconds since the run began.
    pub(super) at: u64,
}

impl Event for Counted {
    const TOPIC: &'static Topic = &COUNTS;
    const TYPE: &'static str = "count.changed";

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// Where their databases are.
pub(super) enum Home {
    Sqlite(PathBuf),
    Postgres(Database),
}

/// How the ledger hears of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// From the counter's database, which is in the same process.
    InProcess,
    /// From the server, as if the counter were in another process.
    ByNotify,
}

/// Both at work.
pub(super) struct Services {
    pub(super) counter: Db,
    pub(super) ledger: Db,
    bus: Bus,
    /// Tells other processes what is published.
    _counters_bus: Bus,
    lifecycle: Lifecycle,
    began: Instant,
}

impl Home {
    /// Files in a folder that is empty.
    pub(super) fn on_sqlite(folders: &Folders) -> anyhow::Result<Self> {
        folders.fresh("events").map(Self::Sqlite)
    }

    /// A database that is empty.
    pub(super) fn on_postgres(folders: &Folders) -> anyhow::Result<Self> {
        Database::create(folders).map(Self::Postgres)
    }

    fn target(&self, service: &str) -> DbTarget {
        match self {
            Self::Sqlite(folder) => DbTarget::Sqlite {
                file: folder.join(format!("{service}.db")),
            },
            Self::Postgres(database) => DbTarget::Postgres {
                url: Secret::new(database.url()),
                schema: service.to_owned(),
            },
        }
    }
}

impl Services {
    pub(super) async fn open(transport: &Transport) -> anyhow::Result<Self> {
        Self::open_by(&transport.home, transport.woken, transport.carriers.clone()).await
    }

    /// Nothing leaves the counter's outbox.
    pub(super) async fn open_alone(transport: &Transport) -> anyhow::Result<Self> {
        Self::open_by(&transport.home, transport.woken, Carriers::embedded()).await
    }

    async fn open_by(home: &Home, woken: Woken, carriers: Carriers) -> anyhow::Result<Self> {
        let (lifecycle, clock, ids) = (Lifecycle::new(), Clock::system(), Ids::system());
        let deps = DbDeps {
            tasks: lifecycle.tasks(),
            clock: clock.clone(),
            ids: ids.clone(),
            metrics: None,
        };
        let open = async |service| {
            Db::open(DbSettings::new(service, home.target(service)), &MIGRATIONS, &deps).await
        };
        let (counter, ledger) = (open(COUNTER).await?, open(LEDGER).await?);
        let settings = BusSettings::default();
        let source = |service, topics, published| Source {
            service,
            topics,
            target: home.target(service),
            published,
        };
        let heard = (woken == Woken::InProcess).then(|| counter.published());
        let sources = Sources::open_carried(
            vec![
                source(COUNTER, &[Counted::TOPIC], heard),
                source(LEDGER, &[], None),
            ],
            Vec::new(),
            carriers,
            SourcesDeps {
                tasks: lifecycle.tasks(),
                metrics: None,
                poll: settings.poll,
            },
        )?;
        let bus = |db: &Db| {
            Bus::new(BusDeps {
                db: db.clone(),
                sources: sources.clone(),
                tasks: lifecycle.tasks(),
                clock: clock.clone(),
                ids: ids.clone(),
                metrics: None,
                tracer: kit_telemetry::Tracer::off(),
                settings: settings.clone(),
            })
        };
        Ok(Self {
            bus: bus(&ledger),
            _counters_bus: bus(&counter),
            counter,
            ledger,
            lifecycle,
            began: Instant::now(),
        })
    }

    /// Microseconds since it began.
    pub(super) fn now(&self) -> u64 {
        micros_since(self.began).into()
    }

    /// Lets the ledger listen, and tells of each effect, once it is committed, how long after the beginning of
    /// its event's publication that was, in microseconds.
    pub(super) fn keep_ledger(
        &self,
        group: &'static str,
        report: impl Fn(u32) + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<()> {
        let began = self.began;
        let handler = move |delivery: Delivery<Counted>, inbox: Inbox| {
            let report = report.clone();
            async move {
                let counted = delivery.payload;
                let at = counted.at;
                let applied = inbox.apply(async move |tx: &mut Tx| enter(tx, group, &counted).await);
                if applied.await? == Applied::Now(()) {
                    let took = u64::from(micros_since(began)).saturating_sub(at);
                    report(u32::try_from(took).unwrap_or(u32::MAX));
                }
                Ok::<_, Failure>(())
            }
        };
        self.bus.group(group).on::<Counted>(handler).start()?;
        Ok(())
    }

    /// Lets go of the databases, like a crash: nothing is given back.
    pub(super) async fn end(self) {
        self.lifecycle.end().await;
    }
}

/// The effect.
pub(super) async fn enter(tx: &mut Tx, consumer: &str, counted: &Counted) -> Result<(), StoreError> {
    sql("INSERT INTO entries (consumer, key, number) VALUES ($1, $2, $3)")
        .bind(consumer)
        .bind(&counted.key)
        .bind(counted.number)
        .execute(tx)
        .await?;
    Ok(())
}

/// More than an hour of them fits.
pub(super) fn micros_since(moment: Instant) -> u32 {
    u32::try_from(moment.elapsed().as_micros()).unwrap_or(u32::MAX)
}
