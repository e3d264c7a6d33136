//! Which orders somebody looks for.

use kit_db::{Session, StoreError, sql};
use kit_token::UserId;
use kit_values::EmailAddress;
use orders_api::{OrderId, OrderStatus};

/// Which orders are looked for: all of these hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderSearch {
    /// Those of this user.
    pub user_id: Option<UserId>,
    pub status: Option<OrderStatus>,
    /// Those that are called so: by a number or an identifier.
    pub text: Option<String>,
}

/// Whether a user has as many orders as this, or more, that wait to be paid.
pub(crate) async fn has_unpaid(
    on: &mut impl Session,
    user_id: UserId,
    count: u32,
) -> Result<bool, StoreError> {
    let last = sql(
        "SELECT id FROM orders WHERE user_id = $1 AND status IN ('pending', 'confirmed') LIMIT 1 OFFSET $2",
    )
    .bind(user_id.to_string())
    .bind(i64::from(count) - 1)
    .optional(on)
    .await?;
    Ok(last.is_some())
}

/// At most `limit` orders, the newest first, from before a number.
pub(crate) async fn list_ids(
    on: &mut impl Session,
    search: &OrderSearch,
    before: i64,
    limit: i64,
) -> Result<Vec<OrderId>, StoreError> {
    let mut statement = sql("SELECT id FROM orders WHERE number < ").push_bind(before);
    if let Some(user_id) = search.user_id {
        statement = statement.push(" AND user_id = ").push_bind(user_id.to_string());
    }
    if let Some(status) = search.status {
        statement = statement.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(text) = &search.text {
        // One that is no number is the number of no order.
        let number: i64 = text.parse().unwrap_or(0);
        statement = statement.push(" AND (number = ").push_bind(number);
        for column in [
            " OR id = ",
            " OR user_id = ",
            " OR payment_id = ",
            " OR tracking_number = ",
        ] {
            statement = statement.push(column).push_bind(text);
        }
        if let Ok(email) = text.parse::<EmailAddress>() {
            statement = statement
                .push(" OR id IN (SELECT order_id FROM guest_orders WHERE email_key = ")
                .push_bind(email.key())
                .push(") OR user_id IN (SELECT user_id FROM confirmed_addresses WHERE email_key = ")
                .push_bind(email.key())
                .push(")");
        }
        statement = statement.push(")");
    }
    let rows = statement
        .push(" ORDER BY number DESC LIMIT ")
        .push_bind(limit)
        .all(on)
        .await?;
    rows.iter().map(|row| row.parse("id")).collect()
}
