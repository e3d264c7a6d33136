//! What payments refuses.

use kit_values::{Amount, Money};

use crate::{CheckoutStatus, PaymentStatus};

kit_http::refusals! {
    /// What payments refuses, beside what every service does.
    pub enum PaymentsRefusal("Payment") {
        /// The user's transactions would come to more than the limit.
        LimitExceeded {
            /// The limit.
            most: Amount,
        } = BAD_REQUEST, "transaction_limit_exceeded", "Transaction limit exceeded: maximum {most:#} total per user";
        /// The payment was opened before with another amount, payer or time.
        PaymentDiffers = CONFLICT, "payment_differs", "there is another payment";
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
        /// An attempt is under way, and its provider has not said what became of it.
        PaymentProcessing = CONFLICT, "payment_processing", "the payment is being made";
        /// It was tried to pay the payment more often than anybody needs to.
        TooManyAttempts = CONFLICT, "too_many_attempts", "the payment was tried too often";
        /// The checkout is over, or its next step is another.
        CheckoutClosed {
            /// How far it is.
            status: CheckoutStatus,
        } = CONFLICT, "checkout_closed", "the checkout cannot do this, it is {status}";
        /// A webhook is not signed by its provider, or was signed too long ago.
        BadSignature = UNAUTHORIZED, "invalid_signature", "the signature is not valid";
        /// A webhook is signed and cannot be read.
        BadWebhook = BAD_REQUEST, "invalid_webhook", "the webhook cannot be read";
        /// What is owed is in several currencies; each payment is paid by its name.
        MixedCurrencies = CONFLICT, "mixed_currencies", "what is owed is in several currencies: name the payment";
        /// There is no payment, or it is not paid.
        NotPaid = CONFLICT, "not_paid", "the payment is not paid";
        /// More would be paid back than was paid.
        RefundExceedsPayment {
            /// How much can be paid back.
            most: Money,
        } = CONFLICT, "refund_exceeds_payment", "at most {most} can be paid back";
        /// Nobody has to look at the payment.
        NotFlagged = CONFLICT, "not_flagged", "the payment is not flagged";
        /// What is held of the provider's money is paid back in whole.
        HeldInWhole {
            /// How much that is.
            held: Money,
        } = CONFLICT, "held_in_whole", "{held} is held, and is paid back in whole";
        /// The refund was asked for before with another amount.
        RefundDiffers = CONFLICT, "refund_differs", "the refund was asked for with another amount";
    }
}
