//! What payments refuses.

use kit_values::Amount;

kit_http::refusals! {
    /// What payments refuses, beside what every service does.
    pub enum PaymentsRefusal("Payment") {
        /// The user's transactions would come to more than the limit.
        LimitExceeded {
            /// The limit.
            most: Amount,
        } = BAD_REQUEST, "transaction_limit_exceeded", "Transaction limit exceeded: maximum {most:#} total per user";
    }
}
