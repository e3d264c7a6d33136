//! A backlog: events that were published while nobody listened, and then somebody does.
//!
//! From the start of the listening group, its leases included, to the last committed effect; where a broker carries
//! them, from the outbox on. Each repeat begins with empty databases. Beside it stand the same rows written without a
//! bus, as many in a transaction as the bus takes together at most, and as many transactions at once as it has
//! partitions: what the database makes of the effects alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use kit_bus::BusSettings;
use kit_db::{Db, PARTITIONS, Reader, StoreError, Tx, sql};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::services::{Counted, Services, enter};
use super::transport::{Kind, Transport};
use crate::effort::Effort;
use crate::folders::Folders;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;

const GROUP: &str = "drain";

/// The consumer of the rows that no bus writes.
const ALONE: &str = "alone";

/// Wanted, in events a second.
const REACH: f64 = 5000.0;

/// Events come from so many aggregates in turn.
const KEYS: u32 = 1000;

/// Published together.
const CHUNK: usize = 500;

/// No drain takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures and tells.
pub(super) async fn measure(
    kind: Kind,
    folders: &Folders,
    effort: &Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    let events: Vec<Counted> = (0..effort.backlog).map(counted).collect();
    let (mut rates, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.repeats {
        let transport = kind.open(folders)?;
        let services = Services::open_alone(&transport).await?;
        for chunk in events.chunks(CHUNK) {
            publish(&services.counter, chunk.to_vec()).await?;
        }
        services.end().await;
        rates.push(f64::from(effort.backlog) / drain(&transport, effort.backlog).await?);
        bare.push(f64::from(effort.backlog) / write_alone(&transport, &events).await?);
    }
    report.add(
        Row::new(
            "events",
            format!("{}, a backlog of {} drained", kind.name(), effort.backlog),
            "events/s",
            &Samples::of(rates),
        )
        .against("the effects alone", &Samples::of(bare))
        .reach(Reach::AtLeast(REACH)),
    );
    Ok(())
}

fn counted(number: u32) -> Counted {
    Counted {
        key: format!("key-{}", number % KEYS),
        number: number.into(),
        at: 0,
    }
}

async fn publish(db: &Db, events: Vec<Counted>) -> anyhow::Result<()> {
    let published = db.write(async move |tx: &mut Tx| {
        for event in events {
            tx.publish(event);
        }
        Ok::<_, StoreError>(())
    });
    published.await.context("a backlog cannot be published")
}

/// Seconds until a new group has done with the whole log.
async fn drain(transport: &Transport, count: u32) -> anyhow::Result<f64> {
    let services = Services::open(transport).await?;
    let (left, done) = (Arc::new(AtomicU32::new(count)), Arc::new(Notify::new()));
    let (counting, told) = (left.clone(), done.clone());
    let begin = Instant::now();
    services.keep_ledger(GROUP, move |_| {
        if counting.fetch_sub(1, Ordering::Relaxed) == 1 {
            told.notify_one();
        }
    })?;
    let drained = tokio::time::timeout(PATIENCE, done.notified()).await;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(
        drained.is_ok(),
        "{} events are left after {PATIENCE:?}",
        left.load(Ordering::Relaxed)
    );
    let entries = entries(&services.ledger, GROUP).await?;
    ensure!(entries == i64::from(count), "{entries} effects of {count} events");
    services.end().await;
    Ok(seconds)
}

/// Seconds until the same rows are written without a bus.
async fn write_alone(transport: &Transport, events: &[Counted]) -> anyhow::Result<f64> {
    let services = Services::open_alone(transport).await?;
    let chunks: Vec<Vec<Counted>> = events
        .chunks(BusSettings::default().effects)
        .map(<[_]>::to_vec)
        .collect();
    let writers = usize::try_from(PARTITIONS)?;
    let (begin, mut writing) = (Instant::now(), JoinSet::new());
    for writer in 0..writers {
        let own: Vec<_> = chunks.iter().skip(writer).step_by(writers).cloned().collect();
        let db = services.ledger.clone();
        writing.spawn(async move {
            for chunk in own {
                enter_all(&db, chunk).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    let seconds = begin.elapsed().as_secs_f64();
    services.end().await;
    Ok(seconds)
}

async fn enter_all(db: &Db, events: Vec<Counted>) -> anyhow::Result<()> {
    let entered = db.write(async move |tx: &mut Tx| {
        for event in &events {
            enter(tx, ALONE, event).await?;
        }
        Ok::<_, StoreError>(())
    });
    entered.await.context("effects cannot be written")
}

async fn entries(db: &Db, consumer: &'static str) -> anyhow::Result<i64> {
    let counted = db.read(async move |reader: &mut Reader| {
        let row = sql("SELECT CAST(COUNT(*) AS BIGINT) FROM entries WHERE consumer = $1")
            .bind(consumer)
            .one(reader)
            .await?;
        row.get(0)
    });
    counted.await.context("effects cannot be counted")
}
