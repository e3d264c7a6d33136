//! By which names Stripe knows the charges of our keys.

use kit_db::{Session, StoreError, Tx, select, sql};

use crate::provider::stripe::StripeCharge;

kit_db::table_row! {
    StripeCharge in "stripe_charges" {
        key: value,
        kind: optional_text,
        object_id: value,
        closed: value,
        created_at: value,
    }
}

/// Inserts a charge unless there is one of its key; the one that there is then, held.
pub(crate) async fn insert_stripe_charge(
    tx: &mut Tx,
    charge: &StripeCharge,
) -> Result<StripeCharge, StoreError> {
    kit_db::insert(charge)
        .push(" ON CONFLICT (key) DO NOTHING")
        .execute(tx)
        .await?;
    let statement = select::<StripeCharge>("WHERE key = $1").bind(&charge.key);
    let found = statement.for_update().row(tx).await?;
    found.ok_or(StoreError::RowCount { found: 0 })
}

pub(crate) async fn find_stripe_charge(
    on: &mut impl Session,
    key: &str,
) -> Result<Option<StripeCharge>, StoreError> {
    select::<StripeCharge>("WHERE key = $1").bind(key).row(on).await
}

/// Notes how Stripe has named a charge; false where it was given up meanwhile.
pub(crate) async fn name_stripe_charge(tx: &mut Tx, key: &str, object_id: &str) -> Result<bool, StoreError> {
    let changed = sql("UPDATE stripe_charges SET object_id = $2 WHERE key = $1 AND closed = 0")
        .bind(key)
        .bind(object_id)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Gives a charge up that has no name yet. The caller holds the row.
pub(crate) async fn close_stripe_charge(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    sql("UPDATE stripe_charges SET closed = 1 WHERE key = $1 AND object_id IS NULL")
        .bind(key)
        .execute(tx)
        .await?;
    Ok(())
}
