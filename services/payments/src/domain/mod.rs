//! What payments decides, without clock, database or network.

mod ledger;
mod limit;
mod sum;
mod transaction;

pub(crate) use ledger::{Account, PostedEntry, PostedTransaction, Posting};
pub(crate) use limit::Limit;
pub(crate) use sum::Sum;
pub(crate) use transaction::{Settlement, Transaction, TransactionDraft};
