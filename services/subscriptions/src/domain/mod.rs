//! What subscriptions decides, without clock, database or network.

mod billing;
mod calendar;
mod callback;
mod invoice;
mod resource;
mod steps;
mod subscription;
mod timer;

#[cfg(test)]
mod billing_tests;

pub(crate) use billing::{Billing, BillingEffect, BillingEvent, OpenInvoice};
pub(crate) use calendar::Calendar;
pub(crate) use callback::{CallbackToken, TokenHash, callback_url};
pub(crate) use invoice::{Invoice, InvoiceDraft, InvoiceLine, number_text};
pub(crate) use resource::{ResourceAction, ResourceOutcome, ResourceState, Wanted, after, next_action};
pub(crate) use steps::{BACKOFF, DueStep, Step};
pub(crate) use subscription::Subscription;
pub(crate) use timer::{BillingTimes, Timer};
