//! What payments tells. On topic `transactions` the key is the user's, so that what one user did stays in
//! order; its members are fixed: consumers outside the platform read them. On topic `payments` the key is the
//! payment's.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Amount, Currency, Money, Uuid};
use orders_api::{OrderId, PaymentId, RefundId};
use subscriptions_api::InvoiceId;

use crate::{FailureReason, TransactionId};

const USER: Uuid = Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2);
const TRANSACTION: Uuid = Uuid::from_u128(0x0199_f3a2_5d10_7c4e_b3f8_61a9_0e7d_24c5);
const PAYMENT: Uuid = Uuid::from_u128(0x0199_f3a3_77a1_7d20_9b1f_04c2_e8d6_5a31);
const ORDER: Uuid = Uuid::from_u128(0x0199_f3a2_6c20_7c4e_b3f8_61a9_0e7d_24c6);
const REFUND: Uuid = Uuid::from_u128(0x0199_f3a4_11d2_7b0a_8c3e_5f7a_9b1d_3e60);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

fn usd(amount_minor: i64) -> Money {
    Money {
        amount_minor,
        currency: Currency::USD,
    }
}

kit_event::events! {
    /// What users did with transactions, kept whole so that statistics of it can be built anew.
    topic TRANSACTIONS = "transactions" (retention: Forever, carrier: Stream, key: "the user's id") {
        /// `transaction.created`: a user made a transaction.
        TransactionCreated = "transaction.created" (key: user_id, subject: transaction_id) {
            /// Which.
            transaction_id: TransactionId = TRANSACTION.into(),
            /// Who.
            user_id: UserId = USER.into(),
            /// How much.
            amount: Amount = Amount::from_minor(85_050),
            /// What for.
            description: Option<String> = Some("books".to_owned()),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `transaction.paid`: a user paid all pending transactions, of which there was at least one.
        TransactionPaid = "transaction.paid" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// How many were paid.
            transactions_paid: u64 = 2,
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
    /// What becomes of payments.
    topic PAYMENTS = "payments" (retention: Usual, carrier: Queue, key: "the payment's id") {
        /// `payment.created`: something is owed, and can be paid.
        PaymentCreated = "payment.created" (key: payment_id, sequence: version) {
            /// The payment.
            payment_id: PaymentId = PAYMENT.into(),
            /// The payment's version: 1 when it is opened, and one more with each event.
            version: i64 = 1,
            /// The order that it pays, where it pays one.
            order_id: Option<OrderId> = Some(ORDER.into()),
            /// The invoice that it pays, where it pays one.
            invoice_id: Option<InvoiceId> = None,
            /// Who owes it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is owed.
            amount: Money = usd(1_250),
            /// Until when it can be paid.
            expires_at: Timestamp = NOW,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `payment.succeeded`: what was owed is paid. It comes once for a payment.
        PaymentSucceeded = "payment.succeeded" (key: payment_id, sequence: version) {
            /// The payment.
            payment_id: PaymentId = PAYMENT.into(),
            /// The payment's version: 1 when it is opened, and one more with each event.
            version: i64 = 2,
            /// The order that it pays, where it pays one.
            order_id: Option<OrderId> = Some(ORDER.into()),
            /// The invoice that it pays, where it pays one.
            invoice_id: Option<InvoiceId> = None,
            /// Who owes it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is owed.
            amount: Money = usd(1_250),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `payment.failed`: the payment has ended without success. A declined attempt does not end it.
        PaymentFailed = "payment.failed" (key: payment_id, sequence: version) {
            /// The payment.
            payment_id: PaymentId = PAYMENT.into(),
            /// The payment's version: 1 when it is opened, and one more with each event.
            version: i64 = 2,
            /// The order that it pays, where it pays one.
            order_id: Option<OrderId> = Some(ORDER.into()),
            /// The invoice that it pays, where it pays one.
            invoice_id: Option<InvoiceId> = None,
            /// Who owes it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is owed.
            amount: Money = usd(1_250),
            /// Why.
            reason: FailureReason = FailureReason::TooManyAttempts,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `payment.expired`: it was not paid in time.
        PaymentExpired = "payment.expired" (key: payment_id, sequence: version) {
            /// The payment.
            payment_id: PaymentId = PAYMENT.into(),
            /// The payment's version: 1 when it is opened, and one more with each event.
            version: i64 = 2,
            /// The order that it pays, where it pays one.
            order_id: Option<OrderId> = Some(ORDER.into()),
            /// The invoice that it pays, where it pays one.
            invoice_id: Option<InvoiceId> = None,
            /// Who owes it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is owed.
            amount: Money = usd(1_250),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `payment.cancelled`: what it was for was given up before it was paid.
        PaymentCancelled = "payment.cancelled" (key: payment_id, sequence: version) {
            /// The payment.
            payment_id: PaymentId = PAYMENT.into(),
            /// The payment's version: 1 when it is opened, and one more with each event.
            version: i64 = 2,
            /// The order that it pays, where it pays one.
            order_id: Option<OrderId> = Some(ORDER.into()),
            /// The invoice that it pays, where it pays one.
            invoice_id: Option<InvoiceId> = None,
            /// Who owes it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is owed.
            amount: Money = usd(1_250),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `payment.refunded`: what was paid was paid back, in whole or in part.
        PaymentRefunded = "payment.refunded" (key: payment_id, sequence: version) {
            /// The payment.
            payment_id: PaymentId = PAYMENT.into(),
            /// The payment's version: 1 when it is opened, and one more with each event.
            version: i64 = 3,
            /// The order that it pays, where it pays one.
            order_id: Option<OrderId> = Some(ORDER.into()),
            /// The invoice that it pays, where it pays one.
            invoice_id: Option<InvoiceId> = None,
            /// Who owes it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is owed.
            amount: Money = usd(1_250),
            /// The refund, as who asked for it names it.
            refund_id: RefundId = REFUND.into(),
            /// How much this refund paid back.
            refund_amount: Money = usd(500),
            /// How much was paid back in all, this refund included.
            refunded: Money = usd(500),
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
