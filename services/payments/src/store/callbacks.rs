//! Where it is said that payments were paid.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use orders_api::PaymentId;

use crate::domain::Callback;

/// Keeps where it is to be said that a payment was paid.
pub(crate) async fn insert_callback(tx: &mut Tx, payment_id: PaymentId, url: &str) -> Result<(), StoreError> {
    sql("INSERT INTO payment_callbacks (payment_id, url, tries) VALUES ($1, $2, 0)")
        .bind(payment_id.to_string())
        .bind(url)
        .execute(tx)
        .await?;
    Ok(())
}

/// A payment is paid: says so, where there is an address.
pub(crate) async fn schedule_callback(
    tx: &mut Tx,
    payment_id: PaymentId,
    body: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE payment_callbacks SET body = $2, next_send_at = $3 WHERE payment_id = $1")
        .bind(payment_id.to_string())
        .bind(body)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

/// At most `limit` of those that are to be sent, the most overdue first.
pub(crate) async fn list_due_callbacks(
    on: &mut impl Session,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Callback>, StoreError> {
    let rows = sql(
        "SELECT payment_id, url, body, tries FROM payment_callbacks WHERE next_send_at <= $1 \
         ORDER BY next_send_at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().map(callback).collect()
}

/// Takes one for whoever has seen it so, until it is sent again; false where somebody else has.
pub(crate) async fn claim_callback(
    tx: &mut Tx,
    seen: &Callback,
    next_send_at: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE payment_callbacks SET next_send_at = $3, tries = tries + 1 WHERE payment_id = $1 AND tries = $2",
    )
    .bind(seen.payment_id.to_string())
    .bind(seen.tries)
    .bind(next_send_at)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// It is over with one.
pub(crate) async fn delete_callback(tx: &mut Tx, payment_id: PaymentId) -> Result<(), StoreError> {
    sql("DELETE FROM payment_callbacks WHERE payment_id = $1")
        .bind(payment_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

fn callback(row: &Row) -> Result<Callback, StoreError> {
    Ok(Callback {
        payment_id: row.parse("payment_id")?,
        url: row.get("url")?,
        body: row.get("body")?,
        tries: row.get("tries")?,
    })
}
