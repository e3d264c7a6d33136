//! Steps: what is to be done for something of a service, from a moment on. A service has them in a table of its own, so that
//! they change in the transactions of what they are for.
//!
//! Who takes a step puts it off, so that nobody else takes it before then, and counts the try. A step that was taken, set
//! or deleted by somebody else since is not put off again: its tries tell.

use kit_runtime::Timestamp;

use crate::error::StoreError;
use crate::row::Row;
use crate::statement::sql;
use crate::unit::Tx;

/// A table of steps. Its columns are whose they are, under the name of `owner`, `step`, `subject`, which together are its
/// key, `due_at` and `tries`.
#[derive(Clone, Copy, Debug)]
pub struct StepTable {
    /// The table.
    pub name: &'static str,
    /// The column of whose a step is.
    pub owner: &'static str,
}

/// Which step it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepKey {
    /// Whose it is.
    pub owner: String,
    /// What is to be done.
    pub step: &'static str,
    /// What else it is about; empty where it is about nothing else.
    pub subject: String,
}

impl StepTable {
    /// Says that a step is to be done, and from when on, whatever was said before.
    pub async fn set(self, tx: &mut Tx, key: StepKey, due_at: Timestamp) -> Result<(), StoreError> {
        let conflict = " DO UPDATE SET due_at = excluded.due_at, tries = 0";
        self.insert(tx, key, due_at, conflict).await
    }

    /// Says that a step is to be done, unless it is said already: then whoever may be at it is not disturbed.
    pub async fn ensure(self, tx: &mut Tx, key: StepKey, due_at: Timestamp) -> Result<(), StoreError> {
        self.insert(tx, key, due_at, " DO NOTHING").await
    }

    async fn insert(
        self,
        tx: &mut Tx,
        key: StepKey,
        due_at: Timestamp,
        conflict: &'static str,
    ) -> Result<(), StoreError> {
        sql("INSERT INTO ")
            .push(self.name)
            .push(" (")
            .push(self.owner)
            .push(", step, subject, due_at, tries) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (")
            .push(self.owner)
            .push(", step, subject)")
            .push(conflict)
            .bind(key.owner)
            .bind(key.step)
            .bind(key.subject)
            .bind(due_at)
            .execute(tx)
            .await?;
        Ok(())
    }

    /// A step is done, or not to be done any more.
    pub async fn delete(self, tx: &mut Tx, key: StepKey) -> Result<(), StoreError> {
        sql("DELETE FROM ")
            .push(self.name)
            .push(" WHERE ")
            .push(self.owner)
            .push(" = $1 AND step = $2 AND subject = $3")
            .bind(key.owner)
            .bind(key.step)
            .bind(key.subject)
            .execute(tx)
            .await?;
        Ok(())
    }

    /// A step that was taken is to be tried again, unless somebody else has taken or set it, or it is over.
    pub async fn postpone(
        self,
        tx: &mut Tx,
        key: StepKey,
        (tries, due_at): (u32, Timestamp),
    ) -> Result<(), StoreError> {
        sql("UPDATE ")
            .push(self.name)
            .push(" SET due_at = $4 WHERE ")
            .push(self.owner)
            .push(" = $1 AND step = $2 AND subject = $3 AND tries = $5")
            .bind(key.owner)
            .bind(key.step)
            .bind(key.subject)
            .bind(due_at)
            .bind(tries)
            .execute(tx)
            .await?;
        Ok(())
    }

    /// Takes at most `limit` steps that are due, the oldest first, and puts each off to `until`; the rows as they were
    /// before. Each was tried once more than its row says.
    pub async fn claim_due(
        self,
        tx: &mut Tx,
        (now, until): (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = sql("SELECT ")
            .push(self.owner)
            .push(", step, subject, tries FROM ")
            .push(self.name)
            .push(" WHERE due_at <= $1 ORDER BY due_at LIMIT $2")
            .bind(now)
            .bind(limit)
            .for_update_skip_locked()
            .all(tx)
            .await?;
        for row in &rows {
            let (owner, step, subject): (String, String, String) =
                (row.get(self.owner)?, row.get("step")?, row.get("subject")?);
            let tries: u32 = row.get("tries")?;
            sql("UPDATE ")
                .push(self.name)
                .push(" SET due_at = $4, tries = $5 WHERE ")
                .push(self.owner)
                .push(" = $1 AND step = $2 AND subject = $3")
                .bind(owner)
                .bind(step)
                .bind(subject)
                .bind(until)
                .bind(tries.saturating_add(1))
                .execute(tx)
                .await?;
        }
        Ok(rows)
    }
}
