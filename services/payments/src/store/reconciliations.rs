//! How far what a provider has made is held against ours.

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;
use orders_api::PaymentId;

use crate::domain::{Attempt, Reconciliation};

kit_db::table_row! {
    Reconciliation in "reconciliations" {
        provider: value,
        from_at: value,
        until_at: value,
        page_cursor: value,
        next_step_at: value,
        steps: value,
    }
}

pub(crate) async fn find_reconciliation(
    on: &mut impl Session,
    provider: &str,
) -> Result<Option<Reconciliation>, StoreError> {
    select::<Reconciliation>("WHERE provider = $1")
        .bind(provider)
        .row(on)
        .await
}

/// Inserts one of a provider unless there is; the one that there is then, held.
pub(crate) async fn hold_reconciliation(
    tx: &mut Tx,
    new: &Reconciliation,
) -> Result<Reconciliation, StoreError> {
    kit_db::insert(new)
        .push(" ON CONFLICT (provider) DO NOTHING")
        .execute(tx)
        .await?;
    let statement = select::<Reconciliation>("WHERE provider = $1").bind(&new.provider);
    let found = statement.for_update().row(tx).await?;
    found.ok_or(StoreError::RowCount { found: 0 })
}

/// Writes how far it is, unless somebody has taken a page since it was at this step.
pub(crate) async fn save_reconciliation(
    tx: &mut Tx,
    step: i64,
    reconciliation: &Reconciliation,
) -> Result<(), StoreError> {
    sql(
        "UPDATE reconciliations SET from_at = $3, until_at = $4, page_cursor = $5, next_step_at = $6, steps = $7 \
         WHERE provider = $1 AND steps = $2",
    )
    .bind(&reconciliation.provider)
    .bind(step)
    .bind(reconciliation.from_at)
    .bind(reconciliation.until_at)
    .bind(reconciliation.page_cursor.as_deref())
    .bind(reconciliation.next_step_at)
    .bind(reconciliation.steps)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that a provider has the same of an attempt as we.
pub(crate) async fn mark_reconciled(
    tx: &mut Tx,
    (payment_id, number): (PaymentId, i64),
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE payment_attempts SET reconciled_at = $3 \
         WHERE payment_id = $1 AND number = $2 AND status = 'succeeded' AND reconciled_at IS NULL")
    .bind(payment_id.to_string())
    .bind(number)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes what a provider says of an attempt that is something else than ours; false where that is known.
pub(crate) async fn note_difference(
    tx: &mut Tx,
    (payment_id, number): (PaymentId, i64),
    difference: &str,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE payment_attempts SET difference = $3 \
         WHERE payment_id = $1 AND number = $2 AND (difference IS NULL OR difference <> $3)")
    .bind(payment_id.to_string())
    .bind(number)
    .bind(difference)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// At most `limit` attempts that have succeeded before a time and that their provider has never listed, the oldest first.
pub(crate) async fn list_unlisted_attempts(
    on: &mut impl Session,
    provider: &str,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Attempt>, StoreError> {
    select::<Attempt>(
        "WHERE status = 'succeeded' AND reconciled_at IS NULL AND at < $2 AND provider = $1 ORDER BY at LIMIT $3",
    )
    .bind(provider)
    .bind(before)
    .bind(limit)
    .rows(on)
    .await
}

/// How many payments somebody has to look at.
pub(crate) async fn count_flagged(on: &mut impl Session) -> Result<i64, StoreError> {
    let row = sql("SELECT COUNT(*) AS flagged FROM payments WHERE flag IS NOT NULL")
        .one(on)
        .await?;
    row.get("flagged")
}
