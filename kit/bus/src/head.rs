//! How far a log may be read: the position below which nothing can appear any more.
//!
//! On SQLite the writer is alone, so that is the last position. On PostgreSQL transactions commit in another
//! order than they take their positions in, so a position may be missing because it belongs to a transaction
//! that is still open. The head stands before the first such gap.
//!
//! A gap is nobody's any more (a rollback, a row that was removed) once every transaction has ended that was
//! writing to the outbox when the gap was seen. Those are known without asking them: whoever inserts into a
//! table holds a lock on it from before it takes a position until after its end is visible to others. So the
//! head waits for the holders of that lock, as `CREATE INDEX CONCURRENTLY` does.
//!
//! The order of positions is what keeps the order of a key: a transaction takes its position after the lock on
//! what it changes, so when one change waited for another, it has the higher position. The order of transaction
//! identifiers would not do: a transaction gets its identifier with its first write, which may be long before
//! it waits for the other. Nor is the oldest open transaction of the whole server asked
//! (`pg_snapshot_xmin`): one that never touches this outbox holds nothing up here.

use std::collections::HashSet;
use std::time::Duration;

use kit_db::{Dialect, Reader, StoreError, sql};
use tokio::time::Instant;

use crate::log::Log;

/// Positions looked at by one statement.
const PAGE: u32 = 2_000;

const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(100);

/// Finds the head of one log, again and again.
pub(crate) struct Head {
    log: Log,
    settled: i64,
    /// Nothing is known yet of what lies behind.
    begun: bool,
    gap: Option<Gap>,
}

struct Gap {
    /// Its first position.
    at: i64,
    seen_at: Instant,
    looks: u32,
    writers: Option<Writers>,
}

/// Who may fill gaps.
struct Writers {
    /// Gaps up to here.
    upto: i64,
    /// Transactions that were writing then, and still are.
    open: HashSet<String>,
}

/// What a look brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing is held back.
    Clear,
    /// Something is, for so long by now; look again after `pause`.
    Held { pause: Duration, since: Duration },
}

impl Head {
    pub(crate) fn new(log: Log) -> Self {
        Self {
            log,
            settled: 0,
            begun: false,
            gap: None,
        }
    }

    /// Where it is, once that is known.
    pub(crate) fn position(&self) -> Option<i64> {
        self.begun.then_some(self.settled)
    }

    /// Moves the head as far as it goes.
    pub(crate) async fn look(&mut self) -> Result<Look, StoreError> {
        match self.log.db().dialect() {
            Dialect::Sqlite => {
                self.settled = self.settled.max(self.last().await?);
                self.begun = true;
                Ok(Look::Clear)
            }
            Dialect::Postgres => self.look_past_gaps().await,
        }
    }

    async fn look_past_gaps(&mut self) -> Result<Look, StoreError> {
        loop {
            let positions = self.positions().await?;
            let has_gap = !self.pass(&positions);
            let has_more = u32::try_from(positions.len()) == Ok(PAGE);
            if !has_gap && self.begun {
                self.gap = None;
                if has_more {
                    continue;
                }
                return Ok(Look::Clear);
            }
            // Most gaps are two commits in the wrong order, and gone by the next look.
            let is_old = self.note_gap() > 1 || !self.begun;
            if is_old && self.wait_for_writers().await? {
                continue;
            }
            return Ok(self.held());
        }
    }

    /// Passes what follows without a gap; whether that is all.
    fn pass(&mut self, positions: &[i64]) -> bool {
        for position in positions {
            if *position != self.settled + 1 {
                return false;
            }
            self.settled = *position;
        }
        true
    }

    /// Remembers the gap that the head stands before; how often it was seen.
    fn note_gap(&mut self) -> u32 {
        let at = self.settled + 1;
        let old = self.gap.take();
        let (looks, seen_at) = match &old {
            Some(old) if old.at == at => (old.looks + 1, old.seen_at),
            _ => (1, Instant::now()),
        };
        self.gap = Some(Gap {
            at,
            seen_at,
            looks,
            writers: old.and_then(|old| old.writers),
        });
        looks
    }

    /// Whether whoever might fill the gaps has ended; then the head is beyond them.
    async fn wait_for_writers(&mut self) -> Result<bool, StoreError> {
        let known = self.gap.as_mut().and_then(|gap| gap.writers.take());
        let writers = match known {
            // The last position first: whoever took an earlier one is found writing, or has ended.
            None => Writers {
                upto: self.last().await?,
                open: self.writers().await?,
            },
            Some(mut known) => {
                let now = self.writers().await?;
                known.open.retain(|writer| now.contains(writer));
                known
            }
        };
        if writers.open.is_empty() {
            self.settled = self.settled.max(writers.upto);
            self.begun = true;
            self.gap = None;
            return Ok(true);
        }
        if let Some(gap) = &mut self.gap {
            gap.writers = Some(writers);
        }
        Ok(false)
    }

    fn held(&self) -> Look {
        let (looks, since) = self
            .gap
            .as_ref()
            .map_or((0, Duration::ZERO), |gap| (gap.looks, gap.seen_at.elapsed()));
        let pause = FIRST_LOOK.saturating_mul(2_u32.saturating_pow(looks.saturating_sub(1)));
        Look::Held {
            pause: pause.min(LAST_LOOK),
            since,
        }
    }

    async fn last(&self) -> Result<i64, StoreError> {
        let outbox = self.log.outbox().clone();
        let last = self.log.db().read(async move |reader: &mut Reader| {
            let row = sql("SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) FROM ")
                .push_table(&outbox)
                .one(reader)
                .await?;
            row.get(0)
        });
        last.await
    }

    async fn positions(&self) -> Result<Vec<i64>, StoreError> {
        let (outbox, after) = (self.log.outbox().clone(), self.settled);
        let positions = self.log.db().read(async move |reader: &mut Reader| {
            let rows = sql("SELECT position FROM ")
                .push_table(&outbox)
                .push(" WHERE position > $1 ORDER BY position LIMIT $2")
                .bind(after)
                .bind(PAGE)
                .all(reader)
                .await?;
            rows.iter().map(|row| row.get(0)).collect()
        });
        positions.await
    }

    /// Transactions that have written to the outbox and not ended.
    async fn writers(&self) -> Result<HashSet<String>, StoreError> {
        let outbox = self.log.outbox().name().to_owned();
        let writers = self.log.db().read(async move |reader: &mut Reader| {
            let rows = sql("SELECT virtualtransaction FROM pg_catalog.pg_locks \
                 WHERE relation = CAST(CAST($1 AS TEXT) AS regclass) AND mode = 'RowExclusiveLock' AND granted \
                 AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())")
            .bind(outbox.as_str())
            .all(reader)
            .await?;
            rows.iter().map(|row| row.get(0)).collect()
        });
        writers.await
    }
}
