//! Charges that are held. Whoever changes one holds its payment.

use std::collections::HashMap;

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;
use orders_api::{PaymentId, RefundId};

use crate::domain::HeldCharge;

kit_db::table_row! {
    HeldCharge in "held_charges" {
        payment_id: text,
        number: value,
        amount_minor: value,
        currency: text,
        status: text,
        refund_id: optional_text,
        reason: value,
        next_look_at: value,
        looks: value,
        at: value,
    }
}

pub(crate) async fn insert_held_charge(tx: &mut Tx, held: &HeldCharge) -> Result<(), StoreError> {
    kit_db::insert(held).execute(tx).await?;
    Ok(())
}

/// Writes what changes of one.
pub(crate) async fn save_held_charge(tx: &mut Tx, held: &HeldCharge) -> Result<(), StoreError> {
    sql(
        "UPDATE held_charges SET status = $3, refund_id = $4, reason = $5, next_look_at = $6, looks = $7, at = $8 \
         WHERE payment_id = $1 AND number = $2",
    )
    .bind(held.payment_id.to_string())
    .bind(held.number)
    .bind(held.status.as_str())
    .bind(held.refund_id.map(|id| id.to_string()))
    .bind(held.reason.as_deref())
    .bind(held.next_look_at)
    .bind(held.looks)
    .bind(held.at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether what was charged for an attempt is held, or was.
pub(crate) async fn has_held_charge(
    on: &mut impl Session,
    payment_id: PaymentId,
    number: i64,
) -> Result<bool, StoreError> {
    let found: Option<HeldCharge> = select::<HeldCharge>("WHERE payment_id = $1 AND number = $2")
        .bind(payment_id.to_string())
        .bind(number)
        .row(on)
        .await?;
    Ok(found.is_some())
}

/// The charge of a payment that is held and not being paid back.
pub(crate) async fn find_held_charge(
    on: &mut impl Session,
    payment_id: PaymentId,
) -> Result<Option<HeldCharge>, StoreError> {
    select::<HeldCharge>("WHERE payment_id = $1 AND status = 'held' ORDER BY number LIMIT 1")
        .bind(payment_id.to_string())
        .row(on)
        .await
}

/// The charge that a refund pays back.
pub(crate) async fn find_held_charge_of_refund(
    on: &mut impl Session,
    refund_id: RefundId,
) -> Result<Option<HeldCharge>, StoreError> {
    select::<HeldCharge>("WHERE refund_id = $1")
        .bind(refund_id.to_string())
        .row(on)
        .await
}

/// The held charges of payments, of each from first to last.
pub(crate) async fn list_held_charges(
    on: &mut impl Session,
    payment_ids: impl IntoIterator<Item = PaymentId>,
) -> Result<HashMap<PaymentId, Vec<HeldCharge>>, StoreError> {
    let ids = payment_ids.into_iter().map(|id| id.to_string());
    select::<HeldCharge>("WHERE payment_id IN ")
        .push_list(ids)
        .push(" ORDER BY payment_id, number")
        .rows_by(on, |held: &HeldCharge| held.payment_id)
        .await
}

/// At most `limit` charges that the provider is to be asked to pay back, the most overdue first.
pub(crate) async fn list_due_held_charges(
    on: &mut impl Session,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<HeldCharge>, StoreError> {
    select::<HeldCharge>("WHERE status = 'returning' AND next_look_at <= $1 ORDER BY next_look_at LIMIT $2")
        .bind(now)
        .bind(limit)
        .rows(on)
        .await
}

/// Takes one for whoever has seen it so, until its next time; false where somebody else has.
pub(crate) async fn claim_held_charge(
    tx: &mut Tx,
    seen: &HeldCharge,
    claimed: &HeldCharge,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE held_charges SET next_look_at = $4, looks = $5 \
         WHERE payment_id = $1 AND number = $2 AND looks = $3 AND status = 'returning'")
    .bind(seen.payment_id.to_string())
    .bind(seen.number)
    .bind(seen.looks)
    .bind(claimed.next_look_at)
    .bind(claimed.looks)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}
