//! What payments refuses.

use kit_values::{Amount, Money};

use crate::PaymentStatus;

kit_http::refusals! {
    /// What payments refuses, beside what every service does.
    pub enum PaymentsRefusal("Payment") {
        /// The user's transactions would come to more than the limit.
        LimitExceeded {
            /// The limit.
            most: Amount,
        } = BAD_REQUEST, "transaction_limit_exceeded", "Transaction limit exceeded: maximum {most:#} total per user";
        /// The order's payment was opened before with another amount, payer or time.
        PaymentDiffers = CONFLICT, "payment_differs", "the order has another payment";
        /// The provider declined the card.
        Declined {
            /// What the provider says.
            reason: String,
        } = PAYMENT_REQUIRED, "payment_declined", "{reason}";
        /// The payment has ended, and cannot be paid.
        PaymentClosed {
            /// How it ended.
            status: PaymentStatus,
        } = CONFLICT, "payment_closed", "the payment cannot be paid, it is {status}";
        /// What is owed is in several currencies; each payment is paid by its name.
        MixedCurrencies = CONFLICT, "mixed_currencies", "what is owed is in several currencies: name the payment";
        /// The order has no payment, or it is not paid.
        NotPaid = CONFLICT, "not_paid", "the payment is not paid";
        /// More would be paid back than was paid.
        RefundExceedsPayment {
            /// How much can be paid back.
            most: Money,
        } = CONFLICT, "refund_exceeds_payment", "at most {most} can be paid back";
        /// The refund was asked for before with another amount.
        RefundDiffers = CONFLICT, "refund_differs", "the refund was asked for with another amount";
    }
}
