//! What each user has made and still owes. Each of these holds the user's row until the transaction ends.

use kit_db::{StoreError, Tx, sql};
use kit_token::UserId;
use kit_values::Amount;

use crate::config::LimitCounts;
use crate::domain::Sum;

/// Adds a sum to a user's total, unless what `counts` of it has passed `room` already. The number of the
/// user's transaction that it is for; none when nothing was added. The first one has nothing before it, and
/// so always room.
pub(crate) async fn spend(
    tx: &mut Tx,
    user_id: UserId,
    sum: Sum,
    room: Amount,
    counts: LimitCounts,
) -> Result<Option<i64>, StoreError> {
    let row = sql(
        "INSERT INTO spending (user_id, transactions, created_minor, unpaid_minor) \
                   VALUES ($1, 1, $2, $2) ON CONFLICT (user_id) DO UPDATE \
                   SET transactions = spending.transactions + 1, \
                       created_minor = spending.created_minor + excluded.created_minor, \
                       unpaid_minor = spending.unpaid_minor + excluded.unpaid_minor WHERE ",
    )
    .push(match counts {
        LimitCounts::All => "spending.created_minor",
        LimitCounts::Unpaid => "spending.unpaid_minor",
    })
    .push(" <= $3 RETURNING transactions")
    .bind(user_id.to_string())
    .bind(sum.minor())
    .bind(room.minor())
    .optional(tx)
    .await?;
    row.map(|row| row.get("transactions")).transpose()
}

/// Holds the row of a user who owes something; false when they owe nothing.
pub(crate) async fn hold(tx: &mut Tx, user_id: UserId) -> Result<bool, StoreError> {
    let row = sql("SELECT 1 FROM spending WHERE user_id = $1 AND unpaid_minor > 0")
        .bind(user_id.to_string())
        .for_update()
        .optional(tx)
        .await?;
    Ok(row.is_some())
}

/// Takes what was paid off what the user owes.
pub(crate) async fn settle(tx: &mut Tx, user_id: UserId, sum: Sum) -> Result<(), StoreError> {
    sql("UPDATE spending SET unpaid_minor = unpaid_minor - $2 WHERE user_id = $1")
        .bind(user_id.to_string())
        .bind(sum.minor())
        .execute(tx)
        .await?;
    Ok(())
}
