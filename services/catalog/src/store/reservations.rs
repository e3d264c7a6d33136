//! What is held of the stock for orders. The row of a reservation decides: whoever changes it holds it until the
//! commit, and takes the rows of stock after it.

use catalog_api::{ReservationStatus, ReservedItem};
use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use orders_api::OrderId;

use super::Holding;
use crate::domain::Reservation;

/// Inserts its row, without its items; false where the order has one.
pub(crate) async fn insert_reservation(
    tx: &mut Tx,
    reservation: &Reservation,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = sql(
        "INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (order_id) DO NOTHING",
    )
    .bind(reservation.order_id.to_string())
    .bind(reservation.status.as_str())
    .bind(reservation.expires_at)
    .bind(at)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

pub(crate) async fn insert_reservation_items(
    tx: &mut Tx,
    reservation: &Reservation,
) -> Result<(), StoreError> {
    let statement = sql(
        "INSERT INTO reservation_items (order_id, sku_key, sku, quantity, available) VALUES ",
    )
    .push_rows(&reservation.items, |row, item| {
        row.bind(reservation.order_id.to_string())
            .bind(item.sku.key())
            .bind(item.sku.as_str())
            .bind(item.quantity)
            .bind(item.available)
    });
    statement.execute(tx).await?;
    Ok(())
}

/// The caller holds the row.
pub(crate) async fn set_reservation_status(
    tx: &mut Tx,
    order_id: OrderId,
    status: ReservationStatus,
    at: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE reservations SET status = $2, updated_at = $3 WHERE order_id = $1")
        .bind(order_id.to_string())
        .bind(status.as_str())
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

/// The reservation of an order.
pub(crate) async fn find_reservation(
    on: &mut impl Session,
    order_id: OrderId,
    holding: Holding,
) -> Result<Option<Reservation>, StoreError> {
    let statement = sql("SELECT order_id, status, expires_at FROM reservations WHERE order_id = $1");
    let statement = statement.bind(order_id.to_string());
    let row = match holding {
        Holding::Read => statement.optional(on).await?,
        Holding::ForUpdate => statement.for_update().optional(on).await?,
    };
    let Some(row) = row else { return Ok(None) };
    let rows =
        sql("SELECT sku, quantity, available FROM reservation_items WHERE order_id = $1 ORDER BY sku_key")
            .bind(order_id.to_string())
            .all(on)
            .await?;
    Ok(Some(Reservation {
        order_id: row.parse("order_id")?,
        status: row.parse("status")?,
        expires_at: row.get("expires_at")?,
        items: rows.iter().map(item).collect::<Result<_, _>>()?,
    }))
}

fn item(row: &Row) -> Result<ReservedItem, StoreError> {
    Ok(ReservedItem {
        sku: row.parse("sku")?,
        quantity: row.get("quantity")?,
        available: row.get("available")?,
    })
}

/// Holds at most `limit` reservations longer, until then, that are held longer than they should be, the oldest first;
/// of which orders. One that somebody changes is left alone.
pub(crate) async fn prolong_overdue(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = sql(
        "SELECT order_id FROM reservations WHERE status = 'reserved' AND expires_at <= $1 \
         ORDER BY expires_at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .for_update_skip_locked()
    .all(tx)
    .await?;
    let overdue: Vec<OrderId> = rows
        .iter()
        .map(|row| row.parse("order_id"))
        .collect::<Result<_, _>>()?;
    sql("UPDATE reservations SET expires_at = $1 WHERE order_id IN ")
        .bind(until)
        .push_list(overdue.iter().map(ToString::to_string))
        .execute(tx)
        .await?;
    Ok(overdue)
}
