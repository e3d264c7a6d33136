//! How far consumers are.

use kit_db::{Reader, StoreError, sql};
use kit_runtime::Timestamp;
use serde::Serialize;

use super::Admin;

/// How far a group is with a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lag {
    /// The group.
    pub consumer: String,
    /// Whose log it reads.
    pub source: String,
    /// What its slowest partition has passed.
    pub position: i64,
    /// Rows of the log behind that, whatever their topic and partition.
    pub rows: u64,
    /// When the first of them was published.
    pub oldest: Option<Timestamp>,
    /// Events that are parked.
    pub parked: u64,
    /// Dead letters among them.
    pub dead: u64,
    /// When the group last said that it lives.
    pub seen_at: Timestamp,
}

impl Admin {
    /// How far each group of the service is with each of its sources.
    pub async fn lag(&self) -> Result<Vec<Lag>, StoreError> {
        let mut all = self.standing().await?;
        for lag in &mut all {
            // A source that is not known any more has no rows to wait for.
            let Some(log) = self.sources.log(&lag.source) else {
                continue;
            };
            let (outbox, after) = (log.outbox().clone(), lag.position);
            let behind = log.db().read(async move |reader: &mut Reader| {
                let row = sql("SELECT COUNT(*) AS rows, MIN(created_at) AS oldest FROM ")
                    .push_table(&outbox)
                    .push(" WHERE position > ")
                    .push_bind(after)
                    .one(reader)
                    .await?;
                Ok((row.get("rows")?, row.get("oldest")?))
            });
            (lag.rows, lag.oldest) = behind.await?;
        }
        Ok(all)
    }

    async fn standing(&self) -> Result<Vec<Lag>, StoreError> {
        let standing = self.db.read(async |reader: &mut Reader| {
            let rows = sql(
                "SELECT consumer, source, MIN(position) AS position, MAX(seen_at) AS seen_at, \
                 (SELECT COUNT(*) FROM parked WHERE parked.consumer = positions.consumer \
                  AND parked.source = positions.source) AS parked, \
                 (SELECT COUNT(*) FROM parked WHERE parked.consumer = positions.consumer \
                  AND parked.source = positions.source AND dead = 1) AS dead \
                 FROM positions GROUP BY consumer, source ORDER BY consumer, source",
            )
            .all(reader)
            .await?;
            let lags = rows.iter().map(|row| {
                Ok(Lag {
                    consumer: row.get("consumer")?,
                    source: row.get("source")?,
                    position: row.get("position")?,
                    rows: 0,
                    oldest: None,
                    parked: row.get("parked")?,
                    dead: row.get("dead")?,
                    seen_at: row.get("seen_at")?,
                })
            });
            lags.collect::<Result<Vec<_>, StoreError>>()
        });
        standing.await
    }
}
