//! The ledger.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Money, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A transaction of the ledger: entries that were posted together.
    pub struct LedgerTransactionId("ltx_");
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
        /// What a provider has charged and is not taken for anything, until it is paid back.
        Held = "held",
    }
}

words! {
    /// Why entries were posted.
    pub enum PostingKind {
        /// A user made a transaction.
        TransactionCreated = "transaction_created",
        /// A user paid all pending transactions.
        TransactionsPaid = "transactions_paid",
        /// The payment of an order was captured.
        PaymentCaptured = "payment_captured",
        /// What was captured was paid back, in whole or in part.
        PaymentRefunded = "payment_refunded",
        /// A provider has charged what is not taken for the payment.
        ChargeHeld = "charge_held",
        /// That was paid back.
        ChargeReturned = "charge_returned",
    }
}

/// A transaction of the ledger. Its entries sum to zero in each currency.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct LedgerTransactionView {
    /// The identifier of the ledger transaction.
    pub id: LedgerTransactionId,
    /// Why it was posted.
    pub kind: PostingKind,
    /// What it was posted for: the transaction (`txn_…`), the settlement (`stl_…`), the payment (`pay_…`), its
    /// attempt (`pay_…-2`) or the refund (`rfd_…`).
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
