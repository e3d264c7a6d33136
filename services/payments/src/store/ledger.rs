//! The ledger. Rows are added here and never changed, nor removed.

use std::collections::HashMap;

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_values::Money;
use payments_api::LedgerTransactionId;

use crate::domain::{Account, PostedEntry, PostedTransaction, Posting};

/// Makes an account unless there is one.
pub(crate) async fn open_account(tx: &mut Tx, account: Account) -> Result<(), StoreError> {
    sql("INSERT INTO accounts (id, kind, user_id, currency) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING")
        .bind(account.id())
        .bind(account.kind().as_str())
        .bind(account.owner().map(|user_id| user_id.to_string()))
        .bind(account.currency().to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Posts to accounts that there are.
pub(crate) async fn post(
    tx: &mut Tx,
    id: LedgerTransactionId,
    posting: &Posting,
    at: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO ledger_transactions (id, kind, reference, posted_at) VALUES ($1, $2, $3, $4)")
        .bind(id.to_string())
        .bind(posting.kind.as_str())
        .bind(&posting.reference)
        .bind(at)
        .execute(tx)
        .await?;
    let statement =
        sql("INSERT INTO ledger_entries (ledger_transaction_id, line, account_id, amount_minor) VALUES ")
            .push_rows((1_i64..).zip(posting.entries()), |row, (line, entry)| {
                row.bind(id.to_string())
                    .bind(line)
                    .bind(entry.account.id())
                    .bind(entry.amount.minor())
            });
    statement.execute(tx).await?;
    Ok(())
}

/// At most `limit` ledger transactions with their entries, the newest first, from before the one given.
pub(crate) async fn list_postings(
    on: &mut impl Session,
    before: Option<LedgerTransactionId>,
    limit: i64,
) -> Result<Vec<PostedTransaction>, StoreError> {
    let mut statement = sql("SELECT id, kind, reference, posted_at FROM ledger_transactions");
    if let Some(before) = before {
        statement = statement.push(" WHERE id < ").push_bind(before.to_string());
    }
    let rows = statement
        .push(" ORDER BY id DESC LIMIT ")
        .push_bind(limit)
        .all(on)
        .await?;
    let mut posted: Vec<_> = rows.iter().map(transaction).collect::<Result<_, _>>()?;
    let ids = posted.iter().map(|posted| posted.id.to_string());
    let rows = sql(
        "SELECT ledger_transaction_id, amount_minor, accounts.kind, accounts.user_id, accounts.currency \
         FROM ledger_entries JOIN accounts ON accounts.id = account_id WHERE ledger_transaction_id IN ",
    )
    .push_list(ids)
    .push(" ORDER BY ledger_transaction_id, line")
    .all(on)
    .await?;
    let mut entries: HashMap<LedgerTransactionId, Vec<PostedEntry>> = HashMap::new();
    for row in &rows {
        let of = entries.entry(row.parse("ledger_transaction_id")?).or_default();
        of.push(entry(row)?);
    }
    for transaction in &mut posted {
        transaction.entries = entries.remove(&transaction.id).unwrap_or_default();
    }
    Ok(posted)
}

fn transaction(row: &Row) -> Result<PostedTransaction, StoreError> {
    Ok(PostedTransaction {
        id: row.parse("id")?,
        kind: row.parse("kind")?,
        reference: row.get("reference")?,
        posted_at: row.get("posted_at")?,
        entries: Vec::new(),
    })
}

fn entry(row: &Row) -> Result<PostedEntry, StoreError> {
    Ok(PostedEntry {
        account: row.parse("kind")?,
        owner: row.parse_optional("user_id")?,
        amount: Money {
            amount_minor: row.get("amount_minor")?,
            currency: row.parse("currency")?,
        },
    })
}
