//! The JSON of payments' public routes.

mod ledger;
mod payments;
mod transactions;

pub use ledger::{AccountKind, EntryView, LedgerTransactionId, LedgerTransactionView, PostingKind};
pub use payments::{
    AttemptStatus, AttemptView, FailureReason, NextAction, NextActionKind, PaymentStatus, PaymentView,
    RefundStatus,
};
pub use transactions::{
    CreateTransaction, Description, TransactionId, TransactionStatus, TransactionView, TransactionsPaid,
};
