//! What payments decides, without clock, database or network.

mod attempt;
mod callback;
mod held_charge;
mod ledger;
mod limit;
mod payment;
mod payment_draft;
mod reconciliation;
mod refund;
mod return_url;
mod sum;
mod transaction;
mod webhook_event;

pub(crate) use attempt::{Attempt, AttemptRequest, ChargeOutcome};
pub(crate) use callback::{Callback, callback_body};
pub(crate) use held_charge::HeldCharge;
pub(crate) use ledger::{Account, PostedEntry, PostedTransaction, Posting};
pub(crate) use limit::Limit;
pub(crate) use payment::{GivenUp, NotBegun, Payment, PaymentEvent, Step};
pub(crate) use payment_draft::{PaymentDraft, RefundDraft, RefundRequester};
pub(crate) use reconciliation::{
    ChargePage, ListedCharge, ProviderBalance, Reconciliation, ReconciliationRules,
};
pub(crate) use refund::{Refund, RefundOutcome};
pub(crate) use return_url::Origins;
pub(crate) use sum::Sum;
pub(crate) use transaction::{Settlement, Transaction, TransactionDraft};
pub(crate) use webhook_event::WebhookEvent;
