//! What is kept for a while only.

use kit_db::{StoreError, Tx, sql};
use kit_runtime::Timestamp;
use orders_api::OrderId;

/// Deletes at most `limit` guests' carts that were last changed before this moment or at it; how many. One that is
/// being changed is left alone.
pub(crate) async fn delete_expired_carts(
    tx: &mut Tx,
    until: Timestamp,
    limit: u32,
) -> Result<usize, StoreError> {
    let rows =
        sql("SELECT owner FROM carts WHERE is_guest = 1 AND updated_at <= $1 ORDER BY updated_at LIMIT $2")
            .bind(until)
            .bind(limit)
            .for_update_skip_locked()
            .all(tx)
            .await?;
    let owners = rows.iter().map(|row| row.get::<String>("owner"));
    let owners = owners.collect::<Result<Vec<_>, _>>()?;
    let found = owners.len();
    sql("DELETE FROM carts WHERE owner IN ")
        .push_list(owners)
        .execute(tx)
        .await?;
    Ok(found)
}

/// Notes that an order was taken out of its cart; false where that is known.
pub(crate) async fn insert_cleared_order(
    tx: &mut Tx,
    order_id: OrderId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = sql(
        "INSERT INTO cleared_orders (order_id, cleared_at) VALUES ($1, $2) ON CONFLICT (order_id) DO NOTHING",
    )
    .bind(order_id.to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

/// Forgets orders that were noted before this moment or at it.
pub(crate) async fn delete_cleared_orders(tx: &mut Tx, until: Timestamp) -> Result<(), StoreError> {
    sql("DELETE FROM cleared_orders WHERE cleared_at <= $1")
        .bind(until)
        .execute(tx)
        .await?;
    Ok(())
}
