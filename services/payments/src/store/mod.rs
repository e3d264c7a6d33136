//! Every statement of payments.

mod ledger;
mod spending;
mod totals;
mod transactions;

pub(crate) use ledger::{list_postings, open_account, post};
pub(crate) use spending::{hold, settle, spend};
pub(crate) use totals::{totals, trial_balance};
pub(crate) use transactions::{insert, list, mark_paid, pending};
