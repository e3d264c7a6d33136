//! The JSON of payments' public routes.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Amount, Money, Text, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A transaction: a sum that a user owes, or has paid.
    pub struct TransactionId("txn_");
}

typed_id! {
    /// A transaction of the ledger: entries that were posted together.
    pub struct LedgerTransactionId("ltx_");
}

/// What a transaction is for.
pub type Description = Text<500>;

/// `POST /transactions`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTransaction {
    /// More than 0, at most two decimals.
    pub amount: Amount,
    /// What for, in up to 500 characters.
    #[serde(default)]
    #[schemars(with = "Option<Description>")]
    pub description: Option<String>,
}

words! {
    /// Whether a transaction is paid.
    pub enum TransactionStatus {
        /// Not yet.
        Pending = "pending",
        /// It is.
        Paid = "paid",
    }
}

/// A transaction as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TransactionView {
    /// The identifier of the transaction.
    pub id: TransactionId,
    /// The user who created the transaction.
    pub user_id: UserId,
    /// The amount of the transaction.
    pub amount: Amount,
    /// What the transaction is for, in the words of its creator.
    pub description: Option<String>,
    /// Whether it is paid.
    pub status: TransactionStatus,
    /// When the transaction was created (UTC).
    pub created_at: Timestamp,
}

/// `POST /transactions/pay`: what was paid by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TransactionsPaid {
    /// The number of transactions that were paid.
    pub transactions_paid: u64,
    /// The sum of the transactions that were paid.
    pub amount_paid: Amount,
}

words! {
    /// What an account of the ledger counts.
    pub enum AccountKind {
        /// What we were paid.
        Cash = "cash",
        /// What a user owes us; one account for each user.
        Receivable = "receivable",
        /// What we have earned.
        Revenue = "revenue",
    }
}

words! {
    /// Why entries were posted.
    pub enum PostingKind {
        /// A user made a transaction.
        TransactionCreated = "transaction_created",
        /// A user paid all pending transactions.
        TransactionsPaid = "transactions_paid",
    }
}

/// A transaction of the ledger. Its entries sum to zero in each currency.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct LedgerTransactionView {
    /// The identifier of the ledger transaction.
    pub id: LedgerTransactionId,
    /// Why it was posted.
    pub kind: PostingKind,
    /// What it was posted for: the transaction (`txn_…`) or the settlement (`stl_…`).
    pub reference: String,
    /// When the entries were posted (UTC).
    pub posted_at: Timestamp,
    /// What changed on which account.
    pub entries: Vec<EntryView>,
}

/// What changed on one account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct EntryView {
    /// What the account counts.
    pub account: AccountKind,
    /// Whose account it is, where it is a user's.
    pub user_id: Option<UserId>,
    /// More than zero is a debit, less a credit.
    pub amount: Money,
}
