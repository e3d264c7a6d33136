//! Orders of guests: what opens them, and how many of them wait to be paid.

use kit_db::{Session, StoreError, Tx, sql};
use kit_token::{GuestTokenHash, UserId};
use kit_values::EmailAddress;
use orders_api::OrderId;

use crate::domain::Guest;

/// Notes how a guest comes back to an order that was inserted.
pub(crate) async fn insert_guest_order(
    tx: &mut Tx,
    order_id: OrderId,
    guest: &Guest,
) -> Result<(), StoreError> {
    sql("INSERT INTO guest_orders (order_id, token_hash, salt, email_key) VALUES ($1, $2, $3, $4)")
        .bind(order_id.to_string())
        .bind(guest.token().hash().to_string())
        .bind(&guest.salt)
        .bind(guest.email.key())
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts an order for a subject, unless that has as many as it may have: then false.
pub(crate) async fn count_guest_order(
    tx: &mut Tx,
    order_id: OrderId,
    (subject, most): (&str, u32),
) -> Result<bool, StoreError> {
    let counted = sql(
        "INSERT INTO unpaid_guest_counts (subject, unpaid) VALUES ($1, 1) ON CONFLICT (subject) DO UPDATE \
         SET unpaid = unpaid_guest_counts.unpaid + 1 WHERE unpaid_guest_counts.unpaid < $2",
    )
    .bind(subject)
    .bind(most)
    .execute(tx)
    .await?;
    if counted == 0 {
        return Ok(false);
    }
    sql("INSERT INTO unpaid_guest_orders (order_id, subject) VALUES ($1, $2)")
        .bind(order_id.to_string())
        .bind(subject)
        .execute(tx)
        .await?;
    Ok(true)
}

/// An order does not wait to be paid any more. The caller holds it.
pub(crate) async fn release_guest_order(tx: &mut Tx, order_id: OrderId) -> Result<(), StoreError> {
    let rows = sql("SELECT subject FROM unpaid_guest_orders WHERE order_id = $1 ORDER BY subject")
        .bind(order_id.to_string())
        .all(tx)
        .await?;
    for row in rows {
        let subject: String = row.get("subject")?;
        sql("UPDATE unpaid_guest_counts SET unpaid = unpaid - 1 WHERE subject = $1")
            .bind(&subject)
            .execute(tx)
            .await?;
        sql("DELETE FROM unpaid_guest_counts WHERE subject = $1 AND unpaid = 0")
            .bind(&subject)
            .execute(tx)
            .await?;
    }
    sql("DELETE FROM unpaid_guest_orders WHERE order_id = $1")
        .bind(order_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// The order that a guest's token opens.
pub(crate) async fn find_order_of_guest(
    on: &mut impl Session,
    token: GuestTokenHash,
) -> Result<Option<OrderId>, StoreError> {
    let row = sql("SELECT order_id FROM guest_orders WHERE token_hash = $1")
        .bind(token.to_string())
        .optional(on)
        .await?;
    row.map(|row| row.parse("order_id")).transpose()
}

/// By what the token is known that opens an order, and its salt; none where no guest may come back to it.
pub(crate) async fn find_guest_token(
    on: &mut impl Session,
    order_id: OrderId,
) -> Result<Option<(GuestTokenHash, String)>, StoreError> {
    let row = sql("SELECT token_hash, salt FROM guest_orders WHERE order_id = $1")
        .bind(order_id.to_string())
        .optional(on)
        .await?;
    row.map(|row| Ok((row.parse("token_hash")?, row.get("salt")?)))
        .transpose()
}

/// The orders that guests placed with an address.
pub(crate) async fn list_orders_of_address(
    on: &mut impl Session,
    email: &EmailAddress,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = sql("SELECT order_id FROM guest_orders WHERE email_key = $1 ORDER BY order_id")
        .bind(email.key())
        .all(on)
        .await?;
    rows.iter().map(|row| row.parse("order_id")).collect()
}

/// From now on no guest comes back to an order.
pub(crate) async fn delete_guest_order(tx: &mut Tx, order_id: OrderId) -> Result<(), StoreError> {
    sql("DELETE FROM guest_orders WHERE order_id = $1")
        .bind(order_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes that somebody has shown that an address is theirs.
pub(crate) async fn save_confirmed_address(
    tx: &mut Tx,
    email: &EmailAddress,
    user_id: UserId,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO confirmed_addresses (email_key, user_id) VALUES ($1, $2) \
         ON CONFLICT (email_key) DO UPDATE SET user_id = excluded.user_id",
    )
    .bind(email.key())
    .bind(user_id.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// Who has shown that the address is theirs with which a guest placed an order.
pub(crate) async fn find_owner_of_address(
    on: &mut impl Session,
    order_id: OrderId,
) -> Result<Option<UserId>, StoreError> {
    let row = sql("SELECT user_id FROM confirmed_addresses JOIN guest_orders \
         ON guest_orders.email_key = confirmed_addresses.email_key WHERE order_id = $1")
    .bind(order_id.to_string())
    .optional(on)
    .await?;
    row.map(|row| row.parse("user_id")).transpose()
}
