//! Delivering again what was delivered.

use std::time::Duration;

use kit_db::{Reader, StoreError, Tx, WriteError, sql};
use kit_runtime::Timestamp;
use serde::Serialize;

use super::{Admin, AdminError};
use crate::lease;
use crate::log::Log;

/// Rows of the inbox forgotten in a unit.
const CHUNK: i64 = 2_000;

/// Events stand in the log by the order of their commits, nearly: their times may be so much out of order.
const SLACK: Duration = Duration::from_secs(10);

/// What happens to effects that are committed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effects {
    /// They are not done again: only events that had no effect get one, because they were dropped, or because
    /// their type had no handler then.
    Keep,
    /// They are done again. Only for consumers whose effects bear that.
    Repeat,
}

/// From where a source is delivered again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Whose log; or the broker and the topic, which its producers send again.
    pub source: String,
    /// Where a broker keeps the source, one partition of it.
    pub partition: Option<i64>,
    /// Everything after this position; nothing where producers know it alone.
    pub after: i64,
}

impl Admin {
    /// Delivers to a group what was published since a moment, or a few seconds earlier, as far as the logs
    /// still hold it. Running processors are superseded and begin anew. Empty where the group has read nothing yet.
    /// Where a broker keeps nothing of what it has delivered, its producers are asked to send it again, and do so
    /// when they are there.
    pub async fn replay_since(
        &self,
        consumer: &str,
        since: Timestamp,
        effects: Effects,
    ) -> Result<Vec<Replayed>, AdminError> {
        let mut replayed = Vec::new();
        for lag in self.standing().await? {
            if lag.consumer != consumer {
                continue;
            }
            if let Some(log) = self.sources.log(&lag.source) {
                let after = position_before(&log, since.minus(SLACK)).await?;
                replayed.push(Replayed {
                    source: lag.source,
                    partition: None,
                    after,
                });
            }
        }
        replayed.extend(self.kept_at_brokers(consumer, since.minus(SLACK)).await?);
        let first = (effects == Effects::Repeat).then(|| first_id(since.minus(SLACK)));
        if let Some(first) = &first {
            // Most of it before the unit that moves the positions, which then has little left to forget.
            self.forget(consumer, first).await?;
        }
        self.move_back(consumer, &replayed, first).await?;
        self.notify().await;
        replayed.extend(self.resend(consumer, since.minus(SLACK)).await?);
        Ok(replayed)
    }

    /// Forgets that a consumer had events, from one on.
    pub(super) async fn forget(&self, consumer: &str, first: &str) -> Result<(), StoreError> {
        while self.forget_some(consumer, first).await? == CHUNK.unsigned_abs() {}
        Ok(())
    }

    async fn forget_some(&self, consumer: &str, first: &str) -> Result<u64, StoreError> {
        let (consumer, first) = (consumer.to_owned(), first.to_owned());
        let forgotten = self.db.write(async move |tx: &mut Tx| {
            sql(
                "DELETE FROM inbox WHERE (consumer, event_id) IN (SELECT consumer, event_id FROM inbox \
                 WHERE consumer = $1 AND event_id >= $2 ORDER BY event_id LIMIT $3)",
            )
            .bind(&consumer)
            .bind(&first)
            .bind(CHUNK)
            .execute(tx)
            .await
        });
        forgotten.await.map_err(WriteError::flatten)
    }

    /// Where brokers have what was published since a moment.
    async fn kept_at_brokers(&self, consumer: &str, since: Timestamp) -> Result<Vec<Replayed>, AdminError> {
        let mut replayed = Vec::new();
        for (broker, standing) in self.at_brokers(consumer).await? {
            let kept = broker.0.since(&standing.source, since).await?;
            let partitions = kept.into_iter().flatten();
            replayed.extend(partitions.map(|(partition, after)| Replayed {
                source: standing.source.clone(),
                partition: Some(partition),
                after,
            }));
        }
        Ok(replayed)
    }

    /// Asks producers for what brokers do not have any more.
    async fn resend(&self, consumer: &str, since: Timestamp) -> Result<Vec<Replayed>, AdminError> {
        let mut replayed = Vec::new();
        for (broker, standing) in self.at_brokers(consumer).await? {
            let topics = self.sources.carriers().topics_of(&broker);
            let asked = broker.0.resend(&standing, &topics, since).await;
            replayed.extend(asked?.into_iter().map(|topic| Replayed {
                source: format!("{}/{topic}", broker.name()),
                partition: None,
                after: 0,
            }));
        }
        Ok(replayed)
    }

    async fn move_back(
        &self,
        consumer: &str,
        replayed: &[Replayed],
        first: Option<String>,
    ) -> Result<(), StoreError> {
        let (consumer, replayed) = (consumer.to_owned(), replayed.to_vec());
        let moved = self.db.write(async move |tx: &mut Tx| {
            let scope = lease::scope_of(&consumer);
            // Whoever runs is superseded before the positions change under it.
            sql("UPDATE leases SET holder = '', epoch = epoch + 1, expires_at = 0 WHERE name IN ")
                .push_list(lease::partitions().map(|partition| lease::lease_name(&scope, partition)))
                .execute(tx)
                .await?;
            if let Some(first) = &first {
                sql("DELETE FROM inbox WHERE consumer = $1 AND event_id >= $2")
                    .bind(&consumer)
                    .bind(first)
                    .execute(tx)
                    .await?;
            }
            for source in &replayed {
                let mut update = sql(
                    "UPDATE positions SET position = $3 WHERE consumer = $1 AND source = $2 AND position > $3",
                )
                .bind(&consumer)
                .bind(&source.source)
                .bind(source.after);
                if let Some(partition) = source.partition {
                    update = update.push(" AND partition = ").push_bind(partition);
                }
                update.execute(tx).await?;
            }
            Ok::<_, StoreError>(())
        });
        moved.await.map_err(WriteError::flatten)
    }
}

/// The last position that was published before a moment, by halving: positions and times both grow.
pub(crate) async fn position_before(log: &Log, moment: Timestamp) -> Result<i64, StoreError> {
    let (mut before, mut last) = bounds(log).await?;
    while before < last {
        let middle = before + (last - before) / 2;
        match time_after(log, middle).await? {
            Some((position, at)) if at < moment => before = position.max(middle + 1),
            _ => last = middle,
        }
    }
    Ok(before.min(last))
}

/// Before the first row, and the last.
async fn bounds(log: &Log) -> Result<(i64, i64), StoreError> {
    let outbox = log.outbox().clone();
    let bounds = log.db().read(async move |reader: &mut Reader| {
        let row = sql(
            "SELECT CAST(COALESCE(MIN(position) - 1, 0) AS BIGINT) AS before, \
             CAST(COALESCE(MAX(position), 0) AS BIGINT) AS last FROM ",
        )
        .push_table(&outbox)
        .one(reader)
        .await?;
        Ok((row.get("before")?, row.get("last")?))
    });
    bounds.await
}

/// The first row after a position, and when it was published.
async fn time_after(log: &Log, position: i64) -> Result<Option<(i64, Timestamp)>, StoreError> {
    let outbox = log.outbox().clone();
    let found = log.db().read(async move |reader: &mut Reader| {
        let row = sql("SELECT position, created_at FROM ")
            .push_table(&outbox)
            .push(" WHERE position > $1 ORDER BY position LIMIT 1")
            .bind(position)
            .optional(reader)
            .await?;
        row.map(|row| Ok((row.get("position")?, row.get("created_at")?)))
            .transpose()
    });
    found.await
}

/// What no event published since a moment comes before: identifiers begin with their time (RFC 9562).
fn first_id(since: Timestamp) -> String {
    let millis = u64::try_from(since.as_micros() / 1_000).unwrap_or(0);
    format!("{:08x}-{:04x}-", millis >> 16, millis & 0xffff)
}

#[cfg(test)]
mod tests {
    use kit_runtime::Ids;

    use super::*;

    #[test]
    fn an_identifier_comes_after_the_time_it_was_made_at() {
        let clock = kit_runtime::Clock::system();
        let before = first_id(clock.now());
        let id = Ids::system().uuid().to_string();
        let after = first_id(clock.now().plus(Duration::from_millis(2)));
        assert!(before <= id && id < after, "{before} {id} {after}");
    }
}
