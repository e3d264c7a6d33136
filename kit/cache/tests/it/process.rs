//! A service that keeps names, and processes of it that cache them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit_bus::{Bus, BusDeps, BusSettings, Delivery, Source, Sources, SourcesDeps};
use kit_cache::{Absence, Cache, CacheDeps, CacheError, CacheSettings, Change, Found, Versioned};
use kit_db::{Db, DbTarget, Migrations, Reader, Row, StoreError, Tx, sql};
use kit_event::{CarrierClass, Event, Retention, Topic};
use kit_runtime::{Clock, FakeClock, Ids, Lifecycle, Timestamp};
use kit_testing::db::{SERVICE, TestDb, patient};
use kit_testing::eventually;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) static MIGRATIONS: Migrations =
    Migrations::new(&[("0001_names.sql", include_str!("../migrations/0001_names.sql"))]);

const NAMES: Topic = Topic {
    name: "names",
    retention: Retention::Usual,
    carrier: CarrierClass::Stream,
    key: "the name's id",
};

#[derive(Serialize, Deserialize)]
pub(crate) struct Renamed {
    pub(crate) id: String,
    version: i64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Removed {
    id: String,
    version: i64,
}

impl Event for Renamed {
    const TOPIC: &'static Topic = &NAMES;
    const TYPE: &'static str = "name.changed";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn sequence(&self) -> Option<i64> {
        Some(self.version)
    }
}

impl Event for Removed {
    const TOPIC: &'static Topic = &NAMES;
    const TYPE: &'static str = "name.removed";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn sequence(&self) -> Option<i64> {
        Some(self.version)
    }
}

#[derive(Debug, Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it was only to be seen whether it is held")]
    NotHeld,
}

pub(crate) type Name = Option<Versioned<String>>;
pub(crate) type Names = Cache<String, String, LoadError>;

/// A process of the service.
pub(crate) struct Node {
    pub(crate) cache: Names,
    pub(crate) bus: Bus,
    pub(crate) db: Db,
    /// The bus's; it lives in the past, so that a test can make it jump.
    pub(crate) clock: FakeClock,
    loads: Arc<AtomicU32>,
    lifecycle: Lifecycle,
}

impl Node {
    /// The process that the test's database is open in.
    pub(crate) fn of(test: &TestDb) -> Self {
        Self::new(Lifecycle::new(), test.db().clone(), test.target())
    }

    /// Another process on the same database.
    pub(crate) async fn beside(test: &TestDb) -> Self {
        let lifecycle = Lifecycle::new();
        let settings = patient(SERVICE, test.target());
        let deps = kit_testing::db::deps(&lifecycle);
        let db = Db::open(settings, &MIGRATIONS, &deps).await.unwrap();
        Self::new(lifecycle, db, test.target())
    }

    fn new(lifecycle: Lifecycle, db: Db, target: DbTarget) -> Self {
        let clock = FakeClock::at(Timestamp::from_seconds(1_000_000_000));
        let source = Source {
            service: SERVICE,
            topics: &[&NAMES],
            target,
            published: Some(db.published()),
        };
        let deps = SourcesDeps {
            tasks: lifecycle.tasks(),
            metrics: None,
            poll: Duration::from_secs(1),
        };
        let bus = Bus::new(BusDeps {
            db: db.clone(),
            sources: Sources::open(vec![source], deps).unwrap(),
            tasks: lifecycle.tasks(),
            clock: clock.clock(),
            ids: Ids::system(),
            metrics: None,
            tracer: kit_telemetry::Tracer::off(),
            settings: BusSettings::default(),
        });
        let mut settings = CacheSettings::new("names");
        settings.absence = Absence::KeptFor(settings.time_to_live);
        settings.load_limit = Duration::from_mins(1);
        let deps = CacheDeps {
            tasks: lifecycle.tasks(),
            clock: Clock::system(),
            ids: Ids::system(),
            metrics: None,
        };
        Self {
            cache: Cache::new(settings, deps),
            bus,
            db,
            clock,
            loads: Arc::default(),
            lifecycle,
        }
    }

    /// Subscribes the cache to changes of names, and returns once it receives them.
    pub(crate) async fn subscribe(&self) {
        self.cache.put("before".to_owned(), version(1));
        self.cache
            .invalidated_by(self.bus.broadcast("names-cache"))
            .on(|event: &Delivery<Renamed>| {
                let id = event.payload.id.clone();
                assert!(id != "odd", "on purpose");
                [Change::updated(id, event.envelope.sequence)]
            })
            .on(|event: &Delivery<Removed>| {
                Some(Change::deleted(event.payload.id.clone(), event.envelope.sequence))
            })
            .start()
            .unwrap();
        self.until_not_held("before").await;
    }

    /// The name, from the cache or the database.
    pub(crate) async fn name(&self, id: &str) -> Option<String> {
        let (db, key, loads) = (self.db.clone(), id.to_owned(), self.loads.clone());
        let load = async move || {
            loads.fetch_add(1, Ordering::SeqCst);
            Ok(find(&db, key).await?)
        };
        let found = self.cache.get(&id.to_owned(), load).await.unwrap();
        found.map(|found| found.value.clone())
    }

    /// How often a name had to be looked up in the database.
    pub(crate) fn loads(&self) -> u32 {
        self.loads.load(Ordering::SeqCst)
    }

    /// What the cache has by itself.
    pub(crate) async fn held(&self, id: &str) -> Option<Found<String>> {
        let load = async || Err(LoadError::NotHeld);
        match self.cache.get(&id.to_owned(), load).await {
            Ok(found) => Some(found),
            Err(CacheError::Failed(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn until_not_held(&self, id: &str) {
        eventually("it is held no more", async || {
            self.held(id).await.is_none().then_some(())
        })
        .await;
    }

    pub(crate) async fn end(self) {
        self.lifecycle.end().await;
    }
}

pub(crate) fn version(version: i64) -> Versioned<String> {
    Versioned {
        version,
        value: "a name".to_owned(),
    }
}

pub(crate) async fn find(db: &Db, id: String) -> Result<Name, StoreError> {
    db.read(async move |reader: &mut Reader| {
        let query = sql("SELECT name, version FROM names WHERE id = $1").bind(&id);
        let row = query.optional(reader).await?;
        row.as_ref().map(read).transpose()
    })
    .await
}

fn read(row: &Row) -> Result<Versioned<String>, StoreError> {
    Ok(Versioned {
        version: row.get("version")?,
        value: row.get("name")?,
    })
}

/// Gives a name, and publishes that; its new version.
pub(crate) async fn rename(db: &Db, id: &str, name: &str) -> i64 {
    let (id, name) = (id.to_owned(), name.to_owned());
    let renamed = db.write(async move |tx: &mut Tx| {
        let row = sql("INSERT INTO names (id, name, version) VALUES ($1, $2, 1) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = names.version + 1 \
             RETURNING version")
        .bind(&id)
        .bind(&name)
        .one(tx)
        .await?;
        let version = row.get("version")?;
        tx.publish(Renamed {
            id: id.clone(),
            version,
        });
        Ok::<i64, StoreError>(version)
    });
    renamed.await.unwrap()
}

/// Removes a name, and publishes that.
pub(crate) async fn remove(db: &Db, id: &str) {
    let id = id.to_owned();
    let removed = db.write(async move |tx: &mut Tx| {
        let row = sql("DELETE FROM names WHERE id = $1 RETURNING version")
            .bind(&id)
            .one(tx)
            .await?;
        tx.publish(Removed {
            id: id.clone(),
            version: row.get("version")?,
        });
        Ok::<(), StoreError>(())
    });
    removed.await.unwrap();
}
