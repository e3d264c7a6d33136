//! Notifications in the application.

use kit_http::extract::Page;
use kit_runtime::Timestamp;
use kit_values::{typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A notification.
    pub struct NotificationId("ntf_");
}

words! {
    /// What a notification is about: the type of the event that it came of.
    pub enum NotificationKind {
        /// The stock of an order is held, and it can be paid.
        OrderConfirmed = "order.confirmed",
        /// There was not enough of what was ordered.
        OrderRejected = "order.rejected",
        /// An order is paid.
        OrderPaid = "order.paid",
        /// An order is on its way.
        OrderShipped = "order.shipped",
        /// An order has arrived.
        OrderDelivered = "order.delivered",
        /// An order was given up.
        OrderCancelled = "order.cancelled",
        /// Money for an order was given back.
        OrderRefunded = "order.refunded",
        /// Something is owed for a subscription.
        InvoiceIssued = "invoice.issued",
        /// What was owed for a subscription is paid.
        InvoicePaid = "invoice.paid",
        /// An invoice of a subscription is overdue.
        SubscriptionPastDue = "subscription.past_due",
        /// A subscription was given up.
        SubscriptionCancelled = "subscription.cancelled",
        /// A subscription has ended because it was not paid.
        SubscriptionExpired = "subscription.expired",
        /// What a subscription is for can be used.
        ServiceProvisioned = "service.provisioned",
        /// What a subscription is for is kept and cannot be used.
        ServiceSuspended = "service.suspended",
        /// An endpoint of webhooks gets none any more. Its admin is always told.
        WebhookDisabled = "webhook.disabled",
    }
}

impl NotificationKind {
    /// Those of which users say how they want to be told.
    pub const PREFERABLE: [Self; 14] = [
        Self::OrderConfirmed,
        Self::OrderRejected,
        Self::OrderPaid,
        Self::OrderShipped,
        Self::OrderDelivered,
        Self::OrderCancelled,
        Self::OrderRefunded,
        Self::InvoiceIssued,
        Self::InvoicePaid,
        Self::SubscriptionPastDue,
        Self::SubscriptionCancelled,
        Self::SubscriptionExpired,
        Self::ServiceProvisioned,
        Self::ServiceSuspended,
    ];
}

/// Something that a user is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct NotificationView {
    /// The identifier of the notification.
    pub id: NotificationId,
    /// What it is about.
    pub kind: NotificationKind,
    /// What happened, in a few words.
    pub title: String,
    /// What happened, in a sentence or two; plain text.
    pub body: String,
    /// Where to read more, as a path of the web client.
    pub link: Option<String>,
    /// When it was made (UTC).
    pub created_at: Timestamp,
    /// When the user had read it (UTC); null until then.
    pub read_at: Option<Timestamp>,
}

/// A page of notifications, and how many of all are unread.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NotificationListing {
    /// The page.
    #[serde(flatten)]
    pub page: Page<NotificationView>,
    /// How many of all the user's notifications are unread.
    pub unread_count: u64,
}

/// What became of it when everything was read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct AllRead {
    /// How many were unread until now.
    pub read: u64,
}
