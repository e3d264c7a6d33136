//! What everything comes to, counted from the rows themselves and not from what is kept beside them.

use kit_db::{Session, StoreError, sql};
use kit_token::UserId;
use kit_values::Money;
use payments_api::{AccountBalance, Totals};

/// Of one user, or of all.
pub(crate) async fn totals(on: &mut impl Session, user_id: Option<UserId>) -> Result<Totals, StoreError> {
    let mut statement = sql(
        "SELECT COUNT(DISTINCT user_id) AS users, COUNT(*) AS transactions, \
                CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS amount_minor, \
                COUNT(settlement_id) AS paid_transactions, \
                CAST(COALESCE(SUM(CASE WHEN settlement_id IS NULL THEN 0 ELSE amount_minor END), 0) AS BIGINT) \
                    AS paid_amount_minor, \
                COUNT(DISTINCT settlement_id) AS settlements FROM transactions",
    );
    if let Some(user_id) = user_id {
        statement = statement.push(" WHERE user_id = ").push_bind(user_id.to_string());
    }
    let row = statement.one(on).await?;
    Ok(Totals {
        users: row.get("users")?,
        transactions: row.get("transactions")?,
        amount_minor: row.get("amount_minor")?,
        paid_transactions: row.get("paid_transactions")?,
        paid_amount_minor: row.get("paid_amount_minor")?,
        settlements: row.get("settlements")?,
    })
}

/// What stands on the accounts of each kind and currency.
pub(crate) async fn trial_balance(on: &mut impl Session) -> Result<Vec<AccountBalance>, StoreError> {
    let rows = sql(
        "SELECT accounts.kind, accounts.currency, CAST(SUM(amount_minor) AS BIGINT) AS balance_minor \
         FROM ledger_entries JOIN accounts ON accounts.id = account_id \
         GROUP BY accounts.kind, accounts.currency ORDER BY accounts.kind, accounts.currency",
    )
    .all(on)
    .await?;
    let line = |row: &kit_db::Row| {
        Ok(AccountBalance {
            account: row.parse("kind")?,
            balance: Money {
                amount_minor: row.get("balance_minor")?,
                currency: row.parse("currency")?,
            },
        })
    };
    rows.iter().map(line).collect()
}
