//! What subscriptions does of its own accord.

use std::time::Duration;

use kit_runtime::Backoff;
use kit_values::words;
use subscriptions_api::{InvoiceId, SubscriptionId};

words! {
    /// Something that is to be done for a subscription.
    pub(crate) enum Step {
        /// What happens to its money by itself, when its time has come.
        Timer = "timer",
        /// Its service is not what is wanted of it: ask its adapter.
        Resource = "resource",
        /// An invoice was issued: open its payment.
        OpenPayment = "open_payment",
        /// An invoice is void, or what was paid by it is given back: tell payments.
        CancelPayment = "cancel_payment",
    }
}

/// A step that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DueStep {
    pub subscription_id: SubscriptionId,
    pub step: Step,
    /// The invoice that it is about.
    pub invoice_id: Option<InvoiceId>,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// Between two tries of a step.
pub(crate) const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(250),
    longest: Duration::from_mins(1),
};
