//! Transactions of users. Who adds or pays one holds the user's row of `spending`.

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_token::UserId;
use kit_values::Amount;

use crate::domain::{Settlement, Sum, Transaction};

kit_db::table_row! {
    Transaction in "transactions" {
        id: text,
        user_id: text,
        number: value,
        amount("amount_minor"): via(Amount::minor, Amount::from_minor),
        description: value,
        status: text,
        created_at: value,
    }
}

pub(crate) async fn insert(tx: &mut Tx, transaction: &Transaction) -> Result<(), StoreError> {
    kit_db::insert(transaction).execute(tx).await?;
    Ok(())
}

/// At most `limit` transactions of a user, the newest first, from before the number given.
pub(crate) async fn list(
    on: &mut impl Session,
    user_id: UserId,
    before: i64,
    limit: i64,
) -> Result<Vec<Transaction>, StoreError> {
    select::<Transaction>("WHERE user_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3")
        .bind(user_id.to_string())
        .bind(before)
        .bind(limit)
        .rows(on)
        .await
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
