//! Refunds. Whoever changes one holds its payment.

use std::collections::HashMap;

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;
use orders_api::{PaymentId, RefundId};

use crate::domain::Refund;

kit_db::table_row! {
    Refund in "payment_refunds" {
        id: text,
        payment_id: text,
        amount_minor: value,
        status: text,
        reason: value,
        next_look_at: value,
        looks: value,
        at: value,
    }
}

pub(crate) async fn insert_refund(tx: &mut Tx, refund: &Refund) -> Result<(), StoreError> {
    kit_db::insert(refund).execute(tx).await?;
    Ok(())
}

/// Writes what a provider's answer changes of a refund.
pub(crate) async fn save_refund(tx: &mut Tx, refund: &Refund) -> Result<(), StoreError> {
    sql("UPDATE payment_refunds SET status = $2, reason = $3, at = $4 WHERE id = $1")
        .bind(refund.id.to_string())
        .bind(refund.status.as_str())
        .bind(refund.reason.as_deref())
        .bind(refund.at)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn find_refund(on: &mut impl Session, id: RefundId) -> Result<Option<Refund>, StoreError> {
    select::<Refund>("WHERE id = $1")
        .bind(id.to_string())
        .row(on)
        .await
}

/// At most `limit` refunds that the provider is to be asked for, the most overdue first.
pub(crate) async fn list_due_refunds(
    on: &mut impl Session,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Refund>, StoreError> {
    select::<Refund>("WHERE status = 'pending' AND next_look_at <= $1 ORDER BY next_look_at LIMIT $2")
        .bind(now)
        .bind(limit)
        .rows(on)
        .await
}

/// Takes a refund for whoever has seen it so, until its next time; false where somebody else has.
pub(crate) async fn claim_refund(tx: &mut Tx, seen: &Refund, claimed: &Refund) -> Result<bool, StoreError> {
    let changed = sql("UPDATE payment_refunds SET next_look_at = $3, looks = $4 \
         WHERE id = $1 AND looks = $2 AND status = 'pending'")
    .bind(seen.id.to_string())
    .bind(seen.looks)
    .bind(claimed.next_look_at)
    .bind(claimed.looks)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// The refunds of payments, of each from first to last.
pub(crate) async fn list_refunds(
    on: &mut impl Session,
    payment_ids: impl IntoIterator<Item = PaymentId>,
) -> Result<HashMap<PaymentId, Vec<Refund>>, StoreError> {
    let ids = payment_ids.into_iter().map(|id| id.to_string());
    select::<Refund>("WHERE payment_id IN ")
        .push_list(ids)
        .push(" ORDER BY at, id")
        .rows_by(on, |refund: &Refund| refund.payment_id)
        .await
}
