//! What subscriptions refuses.

use kit_values::Money;

use crate::{InvoiceStatus, SubscriptionStatus};

kit_http::refusals! {
    /// What subscriptions refuses, beside what every service does.
    pub enum SubscriptionsRefusal("Subscription") {
        /// One of the user's subscriptions at the adapter lives.
        ServiceExists = CONFLICT, "service_exists", "there is a subscription already";
        /// No adapter of this name is configured.
        UnknownAdapter = NOT_FOUND, "unknown_adapter", "there is no such adapter";
        /// The subscription was begun by somebody else, or for another plan.
        SubscriptionDiffers = CONFLICT, "subscription_differs", "the subscription is another";
        /// The subscription is over, and was not given up by its owner.
        NotCancellable {
            /// How it stands.
            status: SubscriptionStatus,
        } = CONFLICT, "not_cancellable", "a subscription that is {status} cannot be cancelled";
        /// The subscription is over, or was never begun.
        NotResumable {
            /// How it stands.
            status: SubscriptionStatus,
        } = CONFLICT, "not_resumable", "a subscription that is {status} cannot be resumed";
        /// The invoice is paid or void.
        InvoiceClosed {
            /// How far it is.
            status: InvoiceStatus,
        } = CONFLICT, "invoice_closed", "the invoice cannot be paid, it is {status}";
        /// The invoice's payment has ended without success.
        PaymentEnded = CONFLICT, "payment_ended", "the invoice's payment has ended";
        /// The invoice is being paid.
        PaymentProcessing = CONFLICT, "payment_processing", "the invoice is being paid";
        /// A callback is not signed by payments, or its token is not the invoice's.
        BadCallback = UNAUTHORIZED, "invalid_callback", "the callback is not valid";
        /// Something else was paid than was owed.
        AmountDiffers {
            /// What was owed.
            total: Money,
        } = CONFLICT, "amount_differs", "the invoice comes to {total}";
    }
}
