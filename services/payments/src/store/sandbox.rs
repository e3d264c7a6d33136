//! What the provider `sandbox` keeps.

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;

use crate::provider::sandbox::{SandboxCharge, SandboxWebhook};

kit_db::table_row! {
    SandboxCharge in "sandbox_charges" {
        key: value,
        amount_minor: value,
        currency: text,
        status: text,
        reason: value,
        description: value,
        last_digits: value,
        token_hash: value,
        return_url: value,
        expires_at: value,
        refunded_minor: value,
        created_at: value,
    }
}

kit_db::table_row! {
    SandboxWebhook in "sandbox_webhooks" {
        id: value,
        body: value,
        next_send_at: value,
        tries: value,
        created_at: value,
    }
}

/// Inserts a charge unless there is one of its key; the one that there is then, held, and whether it was inserted.
pub(crate) async fn insert_sandbox_charge(
    tx: &mut Tx,
    charge: &SandboxCharge,
) -> Result<(SandboxCharge, bool), StoreError> {
    let inserted = kit_db::insert(charge)
        .push(" ON CONFLICT (key) DO NOTHING")
        .execute(tx)
        .await?;
    let found = find_sandbox_charge_for_update(tx, &charge.key).await?;
    let found = found.ok_or(StoreError::RowCount { found: 0 })?;
    Ok((found, inserted == 1))
}

pub(crate) async fn find_sandbox_charge(
    on: &mut impl Session,
    key: &str,
) -> Result<Option<SandboxCharge>, StoreError> {
    select::<SandboxCharge>("WHERE key = $1").bind(key).row(on).await
}

/// The charge, held until the transaction ends.
pub(crate) async fn find_sandbox_charge_for_update(
    tx: &mut Tx,
    key: &str,
) -> Result<Option<SandboxCharge>, StoreError> {
    let statement = select::<SandboxCharge>("WHERE key = $1").bind(key);
    statement.for_update().row(tx).await
}

/// The charge whose page a token opens.
pub(crate) async fn find_sandbox_charge_of_page(
    on: &mut impl Session,
    token_hash: &str,
) -> Result<Option<SandboxCharge>, StoreError> {
    let statement = select::<SandboxCharge>("WHERE token_hash = $1");
    statement.bind(token_hash).row(on).await
}

/// At most `limit` charges that were made in a period, by their keys, from after the one given.
pub(crate) async fn list_sandbox_charges(
    on: &mut impl Session,
    (from, until): (Timestamp, Timestamp),
    after: &str,
    limit: i64,
) -> Result<Vec<SandboxCharge>, StoreError> {
    select::<SandboxCharge>("WHERE created_at >= $1 AND created_at <= $2 AND key > $3 ORDER BY key LIMIT $4")
        .bind(from)
        .bind(until)
        .bind(after)
        .bind(limit)
        .rows(on)
        .await
}

/// Writes what changes of a charge. The caller holds the row.
pub(crate) async fn save_sandbox_charge(tx: &mut Tx, charge: &SandboxCharge) -> Result<(), StoreError> {
    sql("UPDATE sandbox_charges SET status = $2, reason = $3, refunded_minor = $4 WHERE key = $1")
        .bind(&charge.key)
        .bind(charge.status.as_str())
        .bind(charge.reason.as_deref())
        .bind(charge.refunded_minor)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether there is a refund of this key.
pub(crate) async fn has_sandbox_refund(on: &mut impl Session, key: &str) -> Result<bool, StoreError> {
    let row = sql("SELECT 1 FROM sandbox_refunds WHERE key = $1 LIMIT 1")
        .bind(key)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// The caller holds the charge.
pub(crate) async fn insert_sandbox_refund(
    tx: &mut Tx,
    (key, charge_key): (&str, &str),
    amount_minor: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO sandbox_refunds (key, charge_key, amount_minor, created_at) VALUES ($1, $2, $3, $4)")
        .bind(key)
        .bind(charge_key)
        .bind(amount_minor)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn insert_sandbox_webhook(tx: &mut Tx, webhook: &SandboxWebhook) -> Result<(), StoreError> {
    kit_db::insert(webhook).execute(tx).await?;
    Ok(())
}

/// At most `limit` webhooks that are to be sent, the oldest first.
pub(crate) async fn list_sandbox_webhooks(
    on: &mut impl Session,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<SandboxWebhook>, StoreError> {
    select::<SandboxWebhook>("WHERE next_send_at <= $1 ORDER BY id LIMIT $2")
        .bind(now)
        .bind(limit)
        .rows(on)
        .await
}

/// Takes a webhook for whoever has seen it so, until it is sent again; false where somebody else has.
pub(crate) async fn claim_sandbox_webhook(
    tx: &mut Tx,
    seen: &SandboxWebhook,
    next_send_at: Timestamp,
) -> Result<bool, StoreError> {
    let changed =
        sql("UPDATE sandbox_webhooks SET next_send_at = $3, tries = tries + 1 WHERE id = $1 AND tries = $2")
            .bind(&seen.id)
            .bind(seen.tries)
            .bind(next_send_at)
            .execute(tx)
            .await?;
    Ok(changed == 1)
}

pub(crate) async fn delete_sandbox_webhook(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM sandbox_webhooks WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}
