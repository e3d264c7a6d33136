//! Transactions.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Amount, Text, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A transaction: a sum that a user owes, or has paid.
    pub struct TransactionId("txn_");
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
