//! What subscriptions tells on topic `subscriptions`. A subscription's events come in the order of its versions; the key
//! is its identifier. They say no secret and nobody's name.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Currency, Money, Sku, Uuid, example};

use crate::{AdapterName, EndReason, InvoiceId, InvoiceNumber, SubscriptionId};

const SUBSCRIPTION: Uuid = Uuid::from_u128(0x0199_f3a5_4e10_7c4e_b3f8_61a9_0e7d_24c5);
const INVOICE: Uuid = Uuid::from_u128(0x0199_f3a5_4e11_7b0a_8c3e_5f7a_9b1d_3e60);
const USER: Uuid = Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

fn usd(amount_minor: i64) -> Money {
    Money {
        amount_minor,
        currency: Currency::USD,
    }
}

kit_event::events! {
    /// What becomes of subscriptions, of their invoices and of what is provisioned for them.
    topic SUBSCRIPTIONS = "subscriptions" (retention: Usual, carrier: Stream, key: "the subscription's id") {
        /// `subscription.created`: somebody wants a service, and has not paid for it yet.
        SubscriptionCreated = "subscription.created" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 1,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// Its first invoice.
            invoice_id: InvoiceId = INVOICE.into(),
            /// What a period costs.
            amount: Money = usd(499),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `subscription.activated`: its first invoice is paid. Its service is provisioned from now on.
        SubscriptionActivated = "subscription.activated" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 3,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// The invoice that was paid.
            invoice_id: InvoiceId = INVOICE.into(),
            /// What was paid.
            amount: Money = usd(499),
            /// From when on it is paid.
            period_start: Timestamp = NOW,
            /// Until when it is paid.
            period_end: Timestamp = NOW,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `subscription.renewed`: another period is paid. Where it was past due it is active again.
        SubscriptionRenewed = "subscription.renewed" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 8,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// The invoice that was paid.
            invoice_id: InvoiceId = INVOICE.into(),
            /// What was paid.
            amount: Money = usd(499),
            /// From when on it is paid.
            period_start: Timestamp = NOW,
            /// Until when it is paid.
            period_end: Timestamp = NOW,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `subscription.past_due`: an invoice was not paid in time; it comes again each time that its owner is reminded.
        SubscriptionPastDue = "subscription.past_due" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 9,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// The invoice that is overdue.
            invoice_id: InvoiceId = INVOICE.into(),
            /// What is owed.
            amount: Money = usd(499),
            /// 0 when it came to be so, then how often its owner was reminded since.
            reminder: u32 = 0,
            /// Until when it was paid.
            period_end: Timestamp = NOW,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `subscription.cancelled`: it was given up. That is its end.
        SubscriptionCancelled = "subscription.cancelled" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 10,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// Why.
            reason: EndReason = EndReason::Requested,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `subscription.expired`: it was not paid. That is its end.
        SubscriptionExpired = "subscription.expired" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 10,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// Why.
            reason: EndReason = EndReason::NotPaid,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `invoice.issued`: something is owed.
        InvoiceIssued = "invoice.issued" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 2,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// The invoice.
            invoice_id: InvoiceId = INVOICE.into(),
            /// Its number.
            number: InvoiceNumber = example("INV-000001"),
            /// What it comes to.
            amount: Money = usd(499),
            /// Until when it is to be paid.
            due_at: Timestamp = NOW,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `invoice.paid`: an invoice is paid. It comes once for an invoice.
        InvoicePaid = "invoice.paid" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 4,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// The invoice.
            invoice_id: InvoiceId = INVOICE.into(),
            /// Its number.
            number: InvoiceNumber = example("INV-000001"),
            /// What it comes to.
            amount: Money = usd(499),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `invoice.voided`: nothing is owed by an invoice any more. What is paid for it later is paid back.
        InvoiceVoided = "invoice.voided" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 11,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// The invoice.
            invoice_id: InvoiceId = INVOICE.into(),
            /// Its number.
            number: InvoiceNumber = example("INV-000001"),
            /// What it comes to.
            amount: Money = usd(499),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `service.provisioned`: the service can be used for the first time.
        ServiceProvisioned = "service.provisioned" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 5,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `service.suspended`: the service is kept and cannot be used.
        ServiceSuspended = "service.suspended" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 12,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `service.resumed`: a suspended service can be used again.
        ServiceResumed = "service.resumed" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 13,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `service.deprovisioned`: the service is gone, with what was in it.
        ServiceDeprovisioned = "service.deprovisioned" (key: subscription_id, sequence: version) {
            /// The subscription.
            subscription_id: SubscriptionId = SUBSCRIPTION.into(),
            /// The subscription's version: 1 when it is begun, and one more with each event.
            version: i64 = 14,
            /// Whose it is.
            user_id: UserId = USER.into(),
            /// The adapter that provisions it.
            adapter: AdapterName = example("s3"),
            /// The plan.
            sku: Sku = example("S3-10GB"),
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
