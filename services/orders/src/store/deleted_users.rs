//! Whose account is gone.

use kit_db::{Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;

/// Notes it, and takes what is personal out of the user's orders that are over.
pub(crate) async fn forget_user(tx: &mut Tx, user_id: UserId, now: Timestamp) -> Result<(), StoreError> {
    sql("INSERT INTO deleted_users (user_id, deleted_at) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING")
        .bind(user_id.to_string())
        .bind(now)
        .execute(tx)
        .await?;
    sql("DELETE FROM confirmed_addresses WHERE user_id = $1")
        .bind(user_id.to_string())
        .execute(tx)
        .await?;
    // No guest comes back to what was theirs, either.
    sql(
        "DELETE FROM guest_orders WHERE order_id IN (SELECT id FROM orders \
         WHERE user_id = $1 AND status IN ('rejected', 'delivered', 'cancelled', 'refunded'))",
    )
    .bind(user_id.to_string())
    .execute(tx)
    .await?;
    sql(
        "UPDATE orders SET email = NULL, shipping_address = NULL, note = NULL, revision = revision + 1 \
         WHERE user_id = $1 AND status IN ('rejected', 'delivered', 'cancelled', 'refunded')",
    )
    .bind(user_id.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether somebody's account is gone.
pub(crate) async fn is_deleted(on: &mut impl Session, user_id: UserId) -> Result<bool, StoreError> {
    let row = sql("SELECT user_id FROM deleted_users WHERE user_id = $1")
        .bind(user_id.to_string())
        .optional(on)
        .await?;
    Ok(row.is_some())
}
