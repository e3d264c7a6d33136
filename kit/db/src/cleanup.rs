//! Upkeep: rows of the kit's tables that nobody needs any more.

use std::time::Duration;

use kit_runtime::{Tasks, Timestamp};

use crate::db::Db;
use crate::error::{StoreError, WriteError};
use crate::statement::{Statement, sql};
use crate::unit::Tx;

/// Answers of idempotent requests are kept for at least a day; the second is for those who count differently.
const KEYS_KEPT: Duration = Duration::from_hours(48);

/// An event that comes again after this long is taken for a new one.
const INBOX_KEPT: Duration = Duration::from_hours(15 * 24);

const PERIOD: Duration = Duration::from_hours(1);

/// Rows removed in a unit, so that no other unit waits long.
const CHUNK: i64 = 500;

/// Cleans up now and then for as long as the process lives.
pub(crate) fn start(db: &Db, tasks: &Tasks) {
    let inner = std::sync::Arc::downgrade(&db.inner);
    tasks.supervise("db.cleanup", move |stop| {
        let inner = inner.clone();
        async move {
            // The process may have let go of the database; then there is nothing left to do.
            while stop.sleep(PERIOD).await
                && let Some(inner) = inner.upgrade()
            {
                Db::from(inner).clean_up().await?;
            }
            Ok(())
        }
    });
}

impl Db {
    /// Removes expired idempotency keys and inbox rows; how many. Runs by itself once an hour.
    pub async fn clean_up(&self) -> Result<u64, StoreError> {
        let now = self.clock().now();
        let keys = self.remove(expired_keys, now.minus(KEYS_KEPT)).await?;
        let inbox = self.remove(expired_inbox, now.minus(INBOX_KEPT)).await?;
        Ok(keys + inbox)
    }

    async fn remove(
        &self,
        statement: fn(Timestamp) -> Statement,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let removed = self
                .write(async move |tx: &mut Tx| statement(before).execute(tx).await)
                .await
                .map_err(WriteError::flatten)?;
            total += removed;
            if removed < CHUNK.unsigned_abs() {
                return Ok(total);
            }
        }
    }
}

fn expired_keys(before: Timestamp) -> Statement {
    sql("DELETE FROM idempotency_keys WHERE (scope, key) IN \
         (SELECT scope, key FROM idempotency_keys WHERE at < $1 ORDER BY at LIMIT $2)")
    .bind(before)
    .bind(CHUNK)
}

fn expired_inbox(before: Timestamp) -> Statement {
    sql("DELETE FROM inbox WHERE (consumer, event_id) IN \
         (SELECT consumer, event_id FROM inbox WHERE at < $1 ORDER BY at LIMIT $2)")
    .bind(before)
    .bind(CHUNK)
}
