//! How far consumers are.

use std::collections::{BTreeMap, BTreeSet};

use kit_db::{Reader, StoreError, sql};
use kit_runtime::Timestamp;
use serde::Serialize;

use super::Admin;
use crate::carrier::{Broker, Standing};

/// How far a group is with a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lag {
    /// The group.
    pub consumer: String,
    /// Whose log it reads, or the broker that sends to it.
    pub source: String,
    /// What its slowest partition has passed; nothing where the broker remembers that.
    pub position: i64,
    /// Rows of the log behind that, whatever their topic and partition; or how many events wait at the broker.
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
            let Some(log) = self.sources.log(&lag.source) else {
                lag.rows = self.backlog(lag).await?;
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

    /// The names of the service's consumers: groups that have ever run and were not removed, and relays.
    pub async fn consumers(&self) -> Result<BTreeSet<String>, StoreError> {
        let standing = self.standing().await?;
        Ok(standing.into_iter().map(|lag| lag.consumer).collect())
    }

    /// What waits at a broker. A source that is not known any more has nothing to wait for, and a broker that
    /// does not answer says nothing.
    async fn backlog(&self, lag: &Lag) -> Result<u64, StoreError> {
        let Some((broker, standing)) = self.at_broker(lag).await? else {
            return Ok(0);
        };
        match broker.0.backlog(&standing).await {
            Ok(waiting) => Ok(waiting.unwrap_or(0)),
            Err(error) => {
                let consumer = &lag.consumer;
                tracing::warn!(consumer, %error, "what waits for a group cannot be told");
                Ok(0)
            }
        }
    }

    /// How far a group is with each broker that sends to it.
    pub(super) async fn at_brokers(&self, consumer: &str) -> Result<Vec<(Broker, Standing)>, StoreError> {
        let mut all = Vec::new();
        for lag in self.standing().await? {
            if lag.consumer == consumer {
                all.extend(self.at_broker(&lag).await?);
            }
        }
        Ok(all)
    }

    async fn at_broker(&self, lag: &Lag) -> Result<Option<(Broker, Standing)>, StoreError> {
        if self.sources.log(&lag.source).is_some() {
            return Ok(None);
        }
        let Some(broker) = self.sources.carriers().of_source(&lag.source) else {
            return Ok(None);
        };
        let standing = Standing {
            service: self.db.service().to_owned(),
            group: lag.consumer.clone(),
            source: lag.source.clone(),
            positions: self.positions(lag).await?,
        };
        Ok(Some((broker.clone(), standing)))
    }

    async fn positions(&self, lag: &Lag) -> Result<BTreeMap<i64, i64>, StoreError> {
        let (consumer, source) = (lag.consumer.clone(), lag.source.clone());
        let positions = self.db.read(async move |reader: &mut Reader| {
            let rows = sql("SELECT partition, position FROM positions WHERE consumer = $1 AND source = $2")
                .bind(&consumer)
                .bind(&source)
                .all(reader)
                .await?;
            let positions = rows
                .iter()
                .map(|row| Ok((row.get("partition")?, row.get("position")?)));
            positions.collect::<Result<_, StoreError>>()
        });
        positions.await
    }

    pub(super) async fn standing(&self) -> Result<Vec<Lag>, StoreError> {
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
