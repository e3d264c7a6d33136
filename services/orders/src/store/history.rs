//! What happened to orders.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_values::{Currency, Money};
use orders_api::{OrderId, TimelineItem};

use crate::domain::{HistoryEntry, Order};

/// Adds a row for what happened to an order, by whom.
pub(crate) async fn insert_entry(
    tx: &mut Tx,
    order_id: OrderId,
    entry: &HistoryEntry,
    actor: &str,
) -> Result<(), StoreError> {
    let tracking = entry.tracking.as_ref();
    sql(
        "INSERT INTO order_history (order_id, version, status, reason, carrier, tracking_number, refunded_minor, \
         actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(order_id.to_string())
    .bind(entry.version)
    .bind(entry.status.as_str())
    .bind(entry.reason.as_deref())
    .bind(tracking.map(|tracking| tracking.carrier.to_string()))
    .bind(tracking.map(|tracking| tracking.tracking_number.to_string()))
    .bind(entry.refunded.map(|money| money.amount_minor))
    .bind(actor)
    .bind(entry.at)
    .execute(tx)
    .await?;
    Ok(())
}

/// At most `limit` rows of an order's history, the first one first, from after a version.
pub(crate) async fn list_entries(
    on: &mut impl Session,
    order: &Order,
    after: i64,
    limit: i64,
) -> Result<Vec<TimelineItem>, StoreError> {
    let rows = sql(
        "SELECT version, status, reason, carrier, tracking_number, refunded_minor, actor, at FROM order_history \
         WHERE order_id = $1 AND version > $2 ORDER BY version LIMIT $3",
    )
    .bind(order.id.to_string())
    .bind(after)
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().map(|row| item(row, order.total.currency)).collect()
}

fn item(row: &Row, currency: Currency) -> Result<TimelineItem, StoreError> {
    let refunded: Option<i64> = row.get("refunded_minor")?;
    Ok(TimelineItem {
        version: row.get("version")?,
        status: row.parse("status")?,
        at: row.get("at")?,
        reason: row.get("reason")?,
        carrier: row.get("carrier")?,
        tracking_number: row.get("tracking_number")?,
        refunded: refunded.map(|amount_minor| Money {
            amount_minor,
            currency,
        }),
        actor: Some(row.get("actor")?),
    })
}
