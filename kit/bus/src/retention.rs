//! Rows of an outbox that nobody needs any more.
//!
//! A row goes once it is old enough and every known consumer has passed it. Consumers are known by their rows
//! in the `positions` of all services; one that was not seen for long is gone and holds nothing. A service
//! whose positions cannot be read might hold anything, so then nothing is removed. The service's own relays are
//! known from the configuration: they hold what they have not passed however long that takes, and everything
//! before they first ran.

use std::sync::atomic::Ordering;

use kit_db::{Reader, StoreError, Tx, WriteError, sql};
use kit_event::Retention;
use kit_runtime::Timestamp;

use crate::bus::Bus;
use crate::relay;

/// Rows removed in a unit, so that no other unit waits long.
const CHUNK: i64 = 500;

/// Positions looked through by one statement.
const SPAN: i64 = 20_000;

/// Removes rows now and then for as long as the process lives.
pub(crate) fn start(bus: &Bus) {
    let weak = std::sync::Arc::downgrade(&bus.0);
    let period = bus.0.deps.settings.retention.period;
    bus.0.deps.tasks.supervise("bus.retention", move |stop| {
        let weak = weak.clone();
        async move {
            while stop.sleep(period).await
                && let Some(inner) = weak.upgrade()
            {
                trim(&Bus(inner)).await?;
            }
            Ok(())
        }
    });
}

pub(crate) async fn trim(bus: &Bus) -> Result<u64, StoreError> {
    let Some(passed) = passed_by_all(bus).await? else {
        return Ok(0);
    };
    let before = bus.0.deps.clock.now().minus(bus.0.deps.settings.retention.kept);
    // What lies before was looked through by an earlier run; what is left there is kept for ever.
    let mut from = first(bus).await?.max(bus.0.trimmed.load(Ordering::SeqCst));
    let mut total = 0;
    while from <= passed {
        let upto = passed.min(from + SPAN - 1);
        let is_old = !holds_younger(bus, from, upto, before).await?;
        loop {
            let removed = remove(bus, from, upto, before).await?;
            total += removed;
            if removed < CHUNK.unsigned_abs() {
                break;
            }
        }
        if !is_old {
            break; // and what follows is younger still
        }
        from = upto + 1;
        bus.0.trimmed.store(from, Ordering::SeqCst);
    }
    Ok(total)
}

async fn remove(bus: &Bus, from: i64, upto: i64, before: Timestamp) -> Result<u64, StoreError> {
    let topics = bus.0.deps.sources.topics_of(bus.0.deps.db.service()).iter();
    let kept: Vec<&str> = topics
        .filter(|topic| topic.retention == Retention::Forever)
        .map(|topic| topic.name)
        .collect();
    let removed = bus.0.deps.db.write(async move |tx: &mut Tx| {
        sql("DELETE FROM outbox WHERE position IN \
             (SELECT position FROM outbox WHERE position BETWEEN $1 AND $2 AND created_at < $3 AND (topic IN ")
            .bind(from)
            .bind(upto)
            .bind(before)
            .push_list(kept.iter().copied())
            .push(") IS NOT TRUE ORDER BY position LIMIT ")
            .push_bind(CHUNK)
            .push(")")
            .execute(tx)
            .await
    });
    removed.await.map_err(WriteError::flatten)
}

async fn holds_younger(bus: &Bus, from: i64, upto: i64, before: Timestamp) -> Result<bool, StoreError> {
    let found = bus.0.deps.db.read(async move |reader: &mut Reader| {
        sql("SELECT position FROM outbox WHERE position BETWEEN $1 AND $2 AND created_at >= $3 LIMIT 1")
            .bind(from)
            .bind(upto)
            .bind(before)
            .optional(reader)
            .await
    });
    Ok(found.await?.is_some())
}

/// The position that every known consumer of this service has passed; none when somebody cannot be asked.
async fn passed_by_all(bus: &Bus) -> Result<Option<i64>, StoreError> {
    let deps = &bus.0.deps;
    let source = deps.db.service();
    let alive = deps.clock.now().minus(bus.0.deps.settings.retention.gone_after);
    let mut passed = i64::MAX;
    for service in deps.sources.services() {
        let Some(log) = deps.sources.log(service) else {
            continue;
        };
        let positions = log.db().table("positions");
        let asked = log.db().read(async move |reader: &mut Reader| {
            sql("SELECT MIN(position) FROM ")
                .push_table(&positions)
                .push(" WHERE source = $1 AND seen_at >= $2")
                .bind(source)
                .bind(alive)
                .one(reader)
                .await?
                .get::<Option<i64>>(0)
        });
        match asked.await {
            Ok(slowest) => passed = passed.min(slowest.unwrap_or(i64::MAX)),
            Err(error) => {
                tracing::warn!(source, service, %error, "nothing is removed: a consumer cannot be asked");
                return Ok(None);
            }
        }
    }
    let relayed = relayed(bus).await?;
    Ok(Some(passed.min(relayed).min(last(bus).await?)))
}

/// What the service's own relays have passed.
async fn relayed(bus: &Bus) -> Result<i64, StoreError> {
    let (names, source) = (relay::names(bus), bus.0.deps.db.service().to_owned());
    if names.is_empty() {
        return Ok(i64::MAX);
    }
    let relayed = bus.0.deps.db.read(async move |reader: &mut Reader| {
        let row = sql("SELECT COUNT(*) AS known, MIN(position) AS passed FROM positions WHERE source = $1 ")
            .bind(&source)
            .push("AND consumer IN ")
            .push_list(names.iter())
            .one(reader)
            .await?;
        let known: u64 = row.get("known")?;
        let passed: Option<i64> = row.get("passed")?;
        let all_known = usize::try_from(known) == Ok(names.len());
        Ok(if all_known { passed.unwrap_or(0) } else { 0 })
    });
    relayed.await
}

async fn first(bus: &Bus) -> Result<i64, StoreError> {
    let first = bus.0.deps.db.read(async |reader: &mut Reader| {
        let row = sql("SELECT CAST(COALESCE(MIN(position), 1) AS BIGINT) FROM outbox")
            .one(reader)
            .await?;
        row.get(0)
    });
    first.await
}

async fn last(bus: &Bus) -> Result<i64, StoreError> {
    let last = bus.0.deps.db.read(async |reader: &mut Reader| {
        let row = sql("SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) FROM outbox")
            .one(reader)
            .await?;
        row.get(0)
    });
    last.await
}
