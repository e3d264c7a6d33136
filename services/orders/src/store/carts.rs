//! Of which carts orders were made.

use cart_api::{CartOwner, CartTokenError};
use kit_db::{Row, Session, StoreError, Tx, sql};
use orders_api::OrderId;

/// Notes that an order was made of a cart's state; false where another was.
pub(crate) async fn insert_ordered_cart(
    tx: &mut Tx,
    (owner, version): (&CartOwner, i64),
    order_id: OrderId,
) -> Result<bool, StoreError> {
    let inserted = sql(
        "INSERT INTO ordered_carts (owner, cart_version, order_id) VALUES ($1, $2, $3) \
         ON CONFLICT (owner, cart_version) DO NOTHING",
    )
    .bind(owner_text(owner))
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
) -> Result<Option<(CartOwner, i64)>, StoreError> {
    let row = sql("SELECT owner, cart_version FROM ordered_carts WHERE order_id = $1")
        .bind(order_id.to_string())
        .optional(on)
        .await?;
    row.map(|row| Ok((owner_of(&row)?, row.get("cart_version")?)))
        .transpose()
}

const GUEST: &str = "guest:";

fn owner_text(owner: &CartOwner) -> String {
    match owner {
        CartOwner::User(user_id) => user_id.to_string(),
        CartOwner::Guest(hash) => format!("{GUEST}{hash}"),
    }
}

fn owner_of(row: &Row) -> Result<CartOwner, StoreError> {
    let text: String = row.get("owner")?;
    match text.strip_prefix(GUEST) {
        Some(hash) => hash
            .parse()
            .map(CartOwner::Guest)
            .map_err(|error: CartTokenError| StoreError::Database(error.into())),
        None => row.parse("owner").map(CartOwner::User),
    }
}
