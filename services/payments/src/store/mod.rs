//! Every statement of payments.

mod attempts;
mod callbacks;
mod held_charges;
mod invariants;
mod ledger;
mod payments;
mod reconciliations;
mod refunds;
mod sandbox;
mod spending;
mod stripe;
mod totals;
mod transactions;
mod webhooks;

pub(crate) use attempts::{
    claim_attempt, find_attempt, find_attempt_of_request, find_captured_attempt, insert_attempt,
    list_attempts, list_due_attempts, look_now, mark_dispatched, save_attempt,
};
pub(crate) use callbacks::{
    claim_callback, delete_callback, insert_callback, list_due_callbacks, schedule_callback,
};
pub(crate) use held_charges::{
    claim_held_charge, find_held_charge, find_held_charge_of_refund, has_held_charge, insert_held_charge,
    list_due_held_charges, list_held_charges, save_held_charge,
};
pub(crate) use invariants::{FACTS, INVARIANTS};
pub(crate) use ledger::{list_postings, open_account, post};
pub(crate) use payments::{
    assign_payment, find_payment, find_payment_for_update, find_payment_of, find_payment_of_for_update,
    find_payment_of_guest, hold_payable, insert_payment, list_all_payments, list_overdue, list_owed,
    list_payments, mark_cancelled, save_payment,
};
pub(crate) use reconciliations::{
    count_flagged, find_reconciliation, hold_reconciliation, list_unlisted_attempts, mark_reconciled,
    note_difference, save_reconciliation,
};
pub(crate) use refunds::{
    claim_refund, find_refund, insert_refund, list_due_refunds, list_refunds, save_refund,
};
pub(crate) use sandbox::{
    claim_sandbox_webhook, delete_sandbox_webhook, find_sandbox_charge, find_sandbox_charge_for_update,
    find_sandbox_charge_of_page, has_sandbox_refund, insert_sandbox_charge, insert_sandbox_refund,
    insert_sandbox_webhook, list_sandbox_charges, list_sandbox_webhooks, save_sandbox_charge,
};
pub(crate) use spending::{hold, settle, spend};
pub(crate) use stripe::{close_stripe_charge, find_stripe_charge, insert_stripe_charge, name_stripe_charge};
pub(crate) use totals::{totals, trial_balance};
pub(crate) use transactions::{insert, list, mark_paid, pending};
pub(crate) use webhooks::{
    claim_webhook_event, delete_webhook_events, insert_webhook_event, list_due_webhook_events,
    mark_webhook_applied,
};
