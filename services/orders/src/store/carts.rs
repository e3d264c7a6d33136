//! Of which carts orders were made.

use kit_db::{Session, StoreError, Tx, sql};
use kit_token::UserId;
use orders_api::OrderId;

/// Notes that an order was made of a cart's state; false where another was.
pub(crate) async fn insert_ordered_cart(
    tx: &mut Tx,
    (user_id, version): (UserId, i64),
    order_id: OrderId,
) -> Result<bool, StoreError> {
    let inserted = sql(
        "INSERT INTO ordered_carts (user_id, cart_version, order_id) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id, cart_version) DO NOTHING",
    )
    .bind(user_id.to_string())
    .bind(version)
    .bind(order_id.to_string())
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

/// Whose cart an order was made of, and of which version, where it was of one.
pub(crate) async fn find_ordered_cart(
    on: &mut impl Session,
    order_id: OrderId,
) -> Result<Option<(UserId, i64)>, StoreError> {
    let row = sql("SELECT user_id, cart_version FROM ordered_carts WHERE order_id = $1")
        .bind(order_id.to_string())
        .optional(on)
        .await?;
    row.map(|row| Ok((row.parse("user_id")?, row.get("cart_version")?)))
        .transpose()
}
