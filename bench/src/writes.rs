//! Durable writes a second: a unit of work as an order is one, a row and an event, by one writer and by many.
//!
//! A write counts once it is answered, which is after its commit is synced. On SQLite units that wait together
//! are committed together, so the units in a commit are told too; beside it stands what the disk does alone:
//! one page written and synced at a time. On PostgreSQL pgbench runs the same statements, with as many
//! connections as there are writers, where Stoa has as many as it has by default; how it does with as many as
//! pgbench is told too.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kit_db::{Db, DbDeps, DbMetrics, DbSettings, DbTarget, Migrations, StoreError, Tx, sql};
use kit_event::{CarrierClass, Event, Retention, Topic};
use kit_runtime::{Clock, Ids, Lifecycle, Secret};
use kit_telemetry::Metrics;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::effort::Effort;
use crate::folders::{Folders, find_program};
use crate::pgbench::pgbench;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;

/// How many write at once, and the many of them.
const WRITERS: [usize; 2] = [1, MANY];
const MANY: usize = 32;

/// What the pages that are synced alone are written over, in pages: about what SQLite's log has.
const PAGES: u64 = 1000;

const SCHEMA: &str = "stoa_bench";

static MIGRATIONS: Migrations = Migrations::new(&[("0001_orders.sql", ORDERS)]);

const ORDERS: &str = "CREATE TABLE orders (
    id         TEXT COLLATE \"C\" PRIMARY KEY,
    user_id    TEXT COLLATE \"C\" NOT NULL,
    state      TEXT NOT NULL,
    total      BIGINT NOT NULL CONSTRAINT orders_total_check CHECK (total >= 0),
    created_at BIGINT NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, created_at);
";

/// The statements of a unit as the kit sends them, for pgbench.
const SCRIPT: &str = "BEGIN;
INSERT INTO stoa_bench.orders (id, user_id, state, total, created_at)
    VALUES ('ord_' || gen_random_uuid(), 'ada', 'placed', 1999, 0);
INSERT INTO stoa_bench.outbox (event_id, topic, key, partition, type, payload, headers, created_at)
    VALUES (gen_random_uuid(), 'orders', 'ada', 3, 'order.placed',
            '{\"order_id\":\"ord_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c\",\"total\":1999}',
            '{\"ce_specversion\":\"1.0\",\"ce_id\":\"0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c\",\"ce_type\":\"order.placed\"}', 0);
COMMIT;
";

const TOPIC: Topic = Topic {
    name: "orders",
    retention: Retention::Usual,
    carrier: CarrierClass::Stream,
    key: "the order's id",
};

#[derive(Serialize)]
struct OrderPlaced {
    order_id: String,
    total: i64,
}

impl Event for OrderPlaced {
    const TOPIC: &'static Topic = &TOPIC;
    const TYPE: &'static str = "order.placed";

    fn key(&self) -> String {
        self.order_id.clone()
    }
}

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = folders.fresh("writes")?;
    let disk = Samples::take(effort.repeats, || synced_pages(&folder, effort.span))?;
    let file = folder.join("bench.db");
    let sqlite = runtime.block_on(async {
        let open = Open::new(DbSettings::new("bench", DbTarget::Sqlite { file })).await?;
        let measured = measure_each(&open, &WRITERS, effort, |_| Ok(None)).await;
        open.lifecycle.end().await;
        measured
    })?;
    report_sqlite(&sqlite, &disk, report);
    let url = folders.postgres_url()?;
    let target = DbTarget::Postgres {
        url: Secret::new(url.clone()),
        schema: SCHEMA.to_owned(),
    };
    let settings = DbSettings::new("bench", target);
    let many = DbSettings {
        writers: MANY,
        ..settings.clone()
    };
    for (settings, writers) in [(settings, &WRITERS[..]), (many, &[MANY])] {
        let connections = settings.writers;
        let measured = runtime.block_on(async {
            let open = Open::new(settings).await?;
            let measured = measure_each(&open, writers, effort, |writers| {
                pgbench(&url, writers, (&folder, SCRIPT), effort.span)
            })
            .await;
            let dropped = open.drop_schema().await;
            let measured = measured?;
            dropped.map(|()| measured)
        })?;
        report_postgres(&measured, connections, report);
    }
    if find_program("pgbench").is_none() {
        report.note("`pgbench` is not installed (Debian's `postgresql-contrib`), so it is not compared with");
    }
    Ok(())
}

/// Durable units a second of so many writers in one file of `SQLite`.
pub(crate) fn sqlite_units(folder: &Path, writers: usize, effort: &Effort) -> anyhow::Result<Samples> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let target = DbTarget::Sqlite {
        file: folder.join("units.db"),
    };
    runtime.block_on(async {
        let open = Open::new(DbSettings::new("bench", target)).await?;
        let measured = measure_each(&open, &[writers], effort, |_| Ok(None)).await;
        open.lifecycle.end().await;
        let rates = measured?.pop().map(|measured| measured.rates);
        rates.context("nothing was measured")
    })
}

/// What a number of writers reached.
struct Measured {
    writers: usize,
    rates: Samples,
    /// Units in a commit.
    grouped: Samples,
    peer: Option<Samples>,
}

async fn measure_each(
    open: &Open,
    writers: &[usize],
    effort: &Effort,
    peer: impl Fn(usize) -> anyhow::Result<Option<f64>>,
) -> anyhow::Result<Vec<Measured>> {
    let mut all = Vec::new();
    for &writers in writers {
        let (mut rates, mut grouped, mut peers) = (Vec::new(), Vec::new(), Vec::new());
        open.write_for(writers, effort.warm_up).await?;
        for _ in 0..effort.repeats {
            let before = open.groups()?;
            rates.push(open.write_for(writers, effort.span).await?);
            let after = open.groups()?;
            grouped.push((after.0 - before.0) / (after.1 - before.1));
            peers.extend(peer(writers)?);
        }
        all.push(Measured {
            writers,
            rates: Samples::of(rates),
            grouped: Samples::of(grouped),
            peer: (!peers.is_empty()).then(|| Samples::of(peers)),
        });
    }
    Ok(all)
}

/// A database, with the process around it.
struct Open {
    db: Db,
    ids: Ids,
    metrics: Metrics,
    lifecycle: Lifecycle,
}

impl Open {
    async fn new(settings: DbSettings) -> anyhow::Result<Self> {
        let (lifecycle, ids, metrics) = (Lifecycle::new(), Ids::system(), Metrics::new());
        let deps = DbDeps {
            tasks: lifecycle.tasks(),
            clock: Clock::system(),
            ids: ids.clone(),
            metrics: Some(DbMetrics::new(&metrics)),
        };
        Ok(Self {
            db: Db::open(settings, &MIGRATIONS, &deps).await?,
            ids,
            metrics,
            lifecycle,
        })
    }

    /// Durable units a second.
    async fn write_for(&self, writers: usize, span: Duration) -> anyhow::Result<f64> {
        let (begin, mut tasks) = (Instant::now(), JoinSet::new());
        for _ in 0..writers {
            let (db, ids) = (self.db.clone(), self.ids.clone());
            tasks.spawn(async move {
                let mut count = 0_u32;
                while begin.elapsed() < span {
                    insert_order(&db, format!("ord_{}", ids.uuid())).await?;
                    count += 1;
                }
                anyhow::Ok(count)
            });
        }
        let mut count = 0;
        while let Some(written) = tasks.join_next().await {
            count += written??;
        }
        Ok(f64::from(count) / begin.elapsed().as_secs_f64())
    }

    /// Units committed in groups, and groups, so far; (0, 0) where there are none.
    fn groups(&self) -> anyhow::Result<(f64, f64)> {
        let text = self.metrics.encode();
        let of = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.rsplit(' ').next())
                .map_or(Ok(0.0), str::parse)
        };
        Ok((of("stoa_db_group_units_sum")?, of("stoa_db_group_units_count")?))
    }

    async fn drop_schema(self) -> anyhow::Result<()> {
        let dropped = self
            .db
            .write(async |tx: &mut Tx| sql("DROP SCHEMA stoa_bench CASCADE").execute(tx).await)
            .await;
        self.lifecycle.end().await;
        dropped.context("the schema `stoa_bench` cannot be dropped")?;
        Ok(())
    }
}

async fn insert_order(db: &Db, order_id: String) -> anyhow::Result<()> {
    let written = db.write(async move |tx: &mut Tx| {
        sql("INSERT INTO orders (id, user_id, state, total, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(order_id.as_str())
            .bind("ada")
            .bind("placed")
            .bind(1999_i64)
            .bind(0_i64)
            .execute(tx)
            .await?;
        tx.publish(OrderPlaced {
            order_id,
            total: 1999,
        });
        Ok::<_, StoreError>(())
    });
    written.await.context("a write failed")
}

/// Pages a second that are written and synced, one at a time, in a file that has its length already.
fn synced_pages(folder: &Path, span: Duration) -> anyhow::Result<f64> {
    const PAGE: [u8; 4096] = [7; 4096];
    let mut file = File::create(folder.join("pages"))?;
    for _ in 0..PAGES {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < span {
        if u64::from(count) % PAGES == 0 {
            file.rewind()?;
        }
        file.write_all(&PAGE)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / begin.elapsed().as_secs_f64())
}

fn report_sqlite(all: &[Measured], disk: &Samples, report: &mut Report) {
    for Measured {
        writers,
        rates,
        grouped,
        ..
    } in all
    {
        let what = format!("SQLite, writers: {writers}");
        report.add(Row::new("writes", &what, "units/s", rates).against("synced pages", disk));
        report.add(Row::new(
            "writes",
            format!("{what}, units in a commit"),
            "units",
            grouped,
        ));
    }
}

fn report_postgres(all: &[Measured], connections: usize, report: &mut Report) {
    for Measured {
        writers, rates, peer, ..
    } in all
    {
        let row = Row::new(
            "writes",
            format!("PostgreSQL, writers: {writers}, connections: {connections}"),
            "units/s",
            rates,
        );
        report.add(match peer {
            Some(peer) => row.against("pgbench", peer).reach(Reach::RatioAtLeast(0.7)),
            None => row,
        });
    }
}
