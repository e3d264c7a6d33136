//! Transactions of users. Who adds or pays one holds the user's row of `spending`.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_token::UserId;
use kit_values::Amount;

use crate::domain::{Settlement, Sum, Transaction};

pub(crate) async fn insert(tx: &mut Tx, transaction: &Transaction) -> Result<(), StoreError> {
    sql(
        "INSERT INTO transactions (id, user_id, number, amount_minor, description, status, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(transaction.id.to_string())
    .bind(transaction.user_id.to_string())
    .bind(transaction.number)
    .bind(transaction.amount.minor())
    .bind(transaction.description.clone())
    .bind(transaction.status.as_str())
    .bind(transaction.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// At most `limit` transactions of a user, the newest first, from before the number given.
pub(crate) async fn list(
    on: &mut impl Session,
    user_id: UserId,
    before: i64,
    limit: i64,
) -> Result<Vec<Transaction>, StoreError> {
    let rows = sql(
        "SELECT id, user_id, number, amount_minor, description, status, created_at FROM transactions \
         WHERE user_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
    )
    .bind(user_id.to_string())
    .bind(before)
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().map(transaction).collect()
}

/// How many transactions of a user are pending, and their sum; none when there are none.
pub(crate) async fn pending(tx: &mut Tx, user_id: UserId) -> Result<Option<(u64, Sum)>, StoreError> {
    let row = sql(
        "SELECT COUNT(*) AS transactions, CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS sum_minor \
         FROM transactions WHERE user_id = $1 AND status = 'pending'",
    )
    .bind(user_id.to_string())
    .one(tx)
    .await?;
    let (count, minor) = (row.get("transactions")?, row.get("sum_minor")?);
    Ok(Sum::new(Amount::from_minor(minor)).map(|sum| (count, sum)))
}

/// Marks all pending transactions of a user as paid.
pub(crate) async fn mark_paid(tx: &mut Tx, settlement: &Settlement) -> Result<(), StoreError> {
    sql(
        "UPDATE transactions SET status = 'paid', settlement_id = $2, paid_at = $3 \
         WHERE user_id = $1 AND status = 'pending'",
    )
    .bind(settlement.user_id.to_string())
    .bind(settlement.id.to_string())
    .bind(settlement.at)
    .execute(tx)
    .await?;
    Ok(())
}

fn transaction(row: &Row) -> Result<Transaction, StoreError> {
    Ok(Transaction {
        id: row.parse("id")?,
        user_id: row.parse("user_id")?,
        number: row.get("number")?,
        amount: Amount::from_minor(row.get("amount_minor")?),
        description: row.get("description")?,
        status: row.parse("status")?,
        created_at: row.get("created_at")?,
    })
}
