//! Attempts to pay. Whoever changes one holds its payment.

use std::collections::HashMap;

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;
use orders_api::PaymentId;

use crate::domain::Attempt;

kit_db::table_row! {
    Attempt in "payment_attempts" {
        payment_id: text,
        number: value,
        provider: value,
        status: text,
        reason: value,
        action_url: value,
        request_key: value,
        is_hosted: value,
        next_look_at: value,
        looks: value,
        at: value,
        reconciled_at: value,
        difference: value,
    }
}

pub(crate) async fn insert_attempt(tx: &mut Tx, attempt: &Attempt) -> Result<(), StoreError> {
    kit_db::insert(attempt).execute(tx).await?;
    Ok(())
}

/// Writes what a provider's answer changes of an attempt.
pub(crate) async fn save_attempt(tx: &mut Tx, attempt: &Attempt) -> Result<(), StoreError> {
    sql(
        "UPDATE payment_attempts SET status = $3, reason = $4, action_url = $5, at = $6, \
         request_key = $7 WHERE payment_id = $1 AND number = $2",
    )
    .bind(attempt.payment_id.to_string())
    .bind(attempt.number)
    .bind(attempt.status.as_str())
    .bind(attempt.reason.as_deref())
    .bind(attempt.action_url.as_deref())
    .bind(attempt.at)
    .bind(attempt.request_key.as_deref())
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that the provider is asked from here on; false where somebody has given the attempt up.
pub(crate) async fn mark_dispatched(
    tx: &mut Tx,
    payment_id: PaymentId,
    number: i64,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE payment_attempts SET status = 'dispatched', at = $3 \
         WHERE payment_id = $1 AND number = $2 AND status = 'created'")
    .bind(payment_id.to_string())
    .bind(number)
    .bind(at)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Has the provider asked at once what became of the attempt that is under way.
pub(crate) async fn look_now(tx: &mut Tx, payment_id: PaymentId, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE payment_attempts SET next_look_at = $2 \
         WHERE payment_id = $1 AND status IN ('created', 'dispatched', 'unknown')")
    .bind(payment_id.to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn find_attempt(
    on: &mut impl Session,
    payment_id: PaymentId,
    number: i64,
) -> Result<Option<Attempt>, StoreError> {
    select::<Attempt>("WHERE payment_id = $1 AND number = $2")
        .bind(payment_id.to_string())
        .bind(number)
        .row(on)
        .await
}

/// The attempt of a payment that a request with this key has made.
pub(crate) async fn find_attempt_of_request(
    on: &mut impl Session,
    payment_id: PaymentId,
    request_key: &str,
) -> Result<Option<Attempt>, StoreError> {
    select::<Attempt>("WHERE payment_id = $1 AND request_key = $2")
        .bind(payment_id.to_string())
        .bind(request_key)
        .row(on)
        .await
}

/// The attempt that has captured.
pub(crate) async fn find_captured_attempt(
    on: &mut impl Session,
    payment_id: PaymentId,
) -> Result<Option<Attempt>, StoreError> {
    select::<Attempt>("WHERE payment_id = $1 AND status = 'succeeded'")
        .bind(payment_id.to_string())
        .row(on)
        .await
}

/// The attempts of payments, of each from first to last.
pub(crate) async fn list_attempts(
    on: &mut impl Session,
    payment_ids: impl IntoIterator<Item = PaymentId>,
) -> Result<HashMap<PaymentId, Vec<Attempt>>, StoreError> {
    let ids = payment_ids.into_iter().map(|id| id.to_string());
    select::<Attempt>("WHERE payment_id IN ")
        .push_list(ids)
        .push(" ORDER BY payment_id, number")
        .rows_by(on, |attempt: &Attempt| attempt.payment_id)
        .await
}

/// At most `limit` attempts whose provider is to be asked what became of them, the most overdue first. Those that
/// somebody has to look at are left out.
pub(crate) async fn list_due_attempts(
    on: &mut impl Session,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Attempt>, StoreError> {
    select::<Attempt>(
        "WHERE status IN ('created', 'dispatched', 'unknown') AND next_look_at <= $1 AND NOT EXISTS ( \
           SELECT 1 FROM payments WHERE id = payment_id AND flag IS NOT NULL) ORDER BY next_look_at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .rows(on)
    .await
}

/// Takes an attempt for whoever has seen it so, until its next time; false where somebody else has.
pub(crate) async fn claim_attempt(
    tx: &mut Tx,
    seen: &Attempt,
    claimed: &Attempt,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE payment_attempts SET next_look_at = $4, looks = $5 \
         WHERE payment_id = $1 AND number = $2 AND looks = $3")
    .bind(seen.payment_id.to_string())
    .bind(seen.number)
    .bind(seen.looks)
    .bind(claimed.next_look_at)
    .bind(claimed.looks)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}
