//! What others may know of payments: its public routes, the types that go through them, the events it tells,
//! and the contract that other services call.

mod contract;
mod events;
mod refusal;
mod routes;
mod types;

pub use contract::{
    AccountBalance, GetTotals, GetTrialBalance, Payments, PaymentsClient, PaymentsError, Totals, TrialBalance,
};
pub use events::{TOPICS, TransactionCreated, TransactionPaid, events};
pub use refusal::PaymentsRefusal;
pub use routes::routes;
pub use types::{
    AccountKind, CreateTransaction, Description, EntryView, LedgerTransactionId, LedgerTransactionView,
    PostingKind, TransactionId, TransactionStatus, TransactionView, TransactionsPaid,
};
