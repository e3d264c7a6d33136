//! Every statement of subscriptions. Rows are held in one order: the subscription, then its invoice and steps, and the
//! counter of numbers last. Whoever changes anything of a subscription holds its row until the commit.

mod callbacks;
mod invariants;
mod invoices;
mod lines;
mod listing;
mod steps;
mod subscriptions;

pub(crate) use callbacks::{delete_callback, find_callback_invoice, insert_callback};
pub(crate) use invariants::{FACTS, INVARIANTS};
pub(crate) use invoices::{
    finalise_invoice, find_invoice, flag_invoice, give_back_invoices, hold_invoice, insert_draft,
    pay_invoice, void_invoice,
};
pub(crate) use listing::{SubscriptionSearch, list_invoices, list_subscriptions};
pub(crate) use steps::{claim_due, delete_step, ensure_step, postpone_step, set_step, set_timer};
pub(crate) use subscriptions::{
    find_subscription, hold_subscription, insert_subscription, is_living_conflict, update_subscription,
};
