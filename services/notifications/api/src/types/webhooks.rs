//! Webhooks: who gets them, what was sent, and what came of it.

use std::fmt;

use kit_runtime::Timestamp;
use kit_values::{Text, given, given_or_null, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an endpoint is for, in the words of who made it.
pub type WebhookDescription = Text<200, 1>;

typed_id! {
    /// Somebody else's server that gets webhooks.
    pub struct WebhookEndpointId("whe_");
}

typed_id! {
    /// One webhook for one endpoint, however often it is sent.
    pub struct WebhookDeliveryId("whd_");
}

words! {
    /// What a webhook is about: the type of an event, or all of them.
    pub enum WebhookEvents {
        /// Every type there is, and will be.
        All = "*",
        /// Somebody placed an order.
        OrderCreated = "order.created",
        /// The stock of an order is held, and it can be paid.
        OrderConfirmed = "order.confirmed",
        /// There was not enough of what was ordered.
        OrderRejected = "order.rejected",
        /// An order is paid.
        OrderPaid = "order.paid",
        /// An order was given up.
        OrderCancelled = "order.cancelled",
        /// An order is on its way.
        OrderShipped = "order.shipped",
        /// An order has arrived.
        OrderDelivered = "order.delivered",
        /// Money for an order was given back.
        OrderRefunded = "order.refunded",
        /// Something is owed.
        PaymentCreated = "payment.created",
        /// What was owed is paid.
        PaymentSucceeded = "payment.succeeded",
        /// A payment ended without success.
        PaymentFailed = "payment.failed",
        /// It was not paid in time.
        PaymentExpired = "payment.expired",
        /// What a payment was for was given up.
        PaymentCancelled = "payment.cancelled",
        /// A payment was paid back, in whole or in part.
        PaymentRefunded = "payment.refunded",
        /// Another number of a SKU is on hand or reserved.
        StockChanged = "stock.changed",
        /// All lines of an order are held.
        StockReserved = "stock.reserved",
        /// Nothing is held for an order.
        StockRejected = "stock.rejected",
        /// What was held for an order is free again.
        StockReleased = "stock.released",
        /// The lines of an order are not on hand any more.
        StockCommitted = "stock.committed",
        /// Somebody wants a service, and has not paid for it yet.
        SubscriptionCreated = "subscription.created",
        /// The first invoice of a subscription is paid.
        SubscriptionActivated = "subscription.activated",
        /// Another period of a subscription is paid.
        SubscriptionRenewed = "subscription.renewed",
        /// An invoice of a subscription is overdue.
        SubscriptionPastDue = "subscription.past_due",
        /// A subscription was given up.
        SubscriptionCancelled = "subscription.cancelled",
        /// A subscription has ended because it was not paid.
        SubscriptionExpired = "subscription.expired",
        /// Something is owed for a subscription.
        InvoiceIssued = "invoice.issued",
        /// An invoice is paid.
        InvoicePaid = "invoice.paid",
        /// Nothing is owed by an invoice any more.
        InvoiceVoided = "invoice.voided",
        /// What a subscription is for can be used.
        ServiceProvisioned = "service.provisioned",
        /// What a subscription is for is kept and cannot be used.
        ServiceSuspended = "service.suspended",
        /// What a subscription is for can be used again.
        ServiceResumed = "service.resumed",
        /// What a subscription was for is gone.
        ServiceDeprovisioned = "service.deprovisioned",
    }
}

words! {
    /// Whether an endpoint gets webhooks.
    pub enum WebhookStatus {
        /// It does.
        Enabled = "enabled",
        /// It does not, and nothing is kept for it meanwhile.
        Disabled = "disabled",
    }
}

words! {
    /// Why an endpoint gets no webhooks.
    pub enum WebhookDisabledReason {
        /// An admin said so.
        Requested = "requested",
        /// The endpoint said so, by answering 410.
        Gone = "gone",
        /// It took nothing for days.
        Failing = "failing",
    }
}

words! {
    /// How far a webhook is.
    pub enum WebhookDeliveryState {
        /// It is to be sent, or sent again.
        Pending = "pending",
        /// The endpoint took it.
        Delivered = "delivered",
        /// It is not sent any more, unless somebody asks for it.
        Failed = "failed",
    }
}

/// `POST /webhook-endpoints`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookEndpoint {
    /// To where webhooks are sent: `https`, a host of the public internet, no credentials, at most 2048 characters.
    #[schemars(length(max = 2048))]
    pub url: String,
    /// What it is told of.
    #[schemars(length(min = 1))]
    pub events: Vec<WebhookEvents>,
    /// What it is for, 1 to 200 characters.
    #[serde(default)]
    #[schemars(with = "Option<WebhookDescription>")]
    pub description: Option<String>,
}

/// `PATCH /webhook-endpoints/{id}`: what is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhookEndpoint {
    /// To where webhooks are sent.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 2048))]
    pub url: Option<String>,
    /// What it is told of.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<WebhookEvents>", length(min = 1))]
    pub events: Option<Vec<WebhookEvents>>,
    /// What it is for; null removes it.
    #[serde(
        default,
        deserialize_with = "given_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<WebhookDescription>")]
    pub description: Option<Option<String>>,
    /// Whether it gets webhooks. What waits for it when it is disabled has failed.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WebhookStatus")]
    pub status: Option<WebhookStatus>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WebhookEndpointView {
    /// The identifier of the endpoint.
    pub id: WebhookEndpointId,
    /// To where webhooks are sent.
    pub url: String,
    /// What it is told of.
    pub events: Vec<WebhookEvents>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it gets webhooks.
    pub status: WebhookStatus,
    /// Why it gets none.
    pub disabled_reason: Option<WebhookDisabledReason>,
    /// Since when it gets none (UTC).
    pub disabled_at: Option<Timestamp>,
    /// Since when it has taken nothing of what it was sent (UTC); null where it took what it was sent last.
    pub failing_since: Option<Timestamp>,
    /// Until when webhooks are signed with the secret before the present one as well (UTC).
    pub previous_secret_until: Option<Timestamp>,
    /// When it was made (UTC).
    pub created_at: Timestamp,
    /// When it was changed last (UTC).
    pub updated_at: Timestamp,
}

/// A secret of an endpoint: `whsec_` and base64. It is not printed.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct WebhookSecret(pub String);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// An endpoint, and its new secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WebhookEndpointWithSecret {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: WebhookEndpointView,
    /// What its webhooks are signed with from now on.
    pub secret: WebhookSecret,
}

/// `POST /webhook-endpoints/{id}/rotate-secret`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWebhookSecret {
    /// For how many hours webhooks are signed with the old secret too, 0 to 168; 24 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 168))]
    pub overlap_hours: Option<u32>,
}

/// The query of `GET /webhook-endpoints/{id}/deliveries`, beside that of a page.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookDeliveryFilter {
    /// Those that are this far.
    pub state: Option<WebhookDeliveryState>,
}

/// A webhook for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WebhookDeliveryView {
    /// The identifier of the delivery.
    pub id: WebhookDeliveryId,
    /// The `webhook-id`, the same each time that it is sent.
    pub webhook_id: String,
    /// The type of the event.
    pub r#type: String,
    /// How far it is.
    pub state: WebhookDeliveryState,
    /// How often it was sent.
    pub attempts: i64,
    /// When it is sent next (UTC).
    pub next_attempt_at: Option<Timestamp>,
    /// When it was made (UTC).
    pub created_at: Timestamp,
    /// When it was taken or given up (UTC).
    pub finished_at: Option<Timestamp>,
}

/// A webhook for an endpoint, with what it says and how it was tried to send it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WebhookDeliveryDetails {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: WebhookDeliveryView,
    /// The body that is signed and sent.
    pub body: String,
    /// The newest attempts, the last one first, 100 at most.
    pub tried: Vec<WebhookAttemptView>,
}

/// One attempt to send a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WebhookAttemptView {
    /// The delivery that was tried.
    pub delivery_id: WebhookDeliveryId,
    /// The number of the attempt, 1 for the first of its delivery.
    pub number: i64,
    /// When it began (UTC).
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// The HTTP status that was answered.
    pub status_code: Option<i64>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// The beginning of what was answered.
    pub response: Option<String>,
}

/// `POST /webhook-endpoints/{id}/replay`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhooks {
    /// Webhooks that failed and were made at this moment or later (UTC).
    pub since: Timestamp,
}

/// What became of it when failed webhooks were to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WebhooksReplayed {
    /// How many are sent again, the oldest.
    pub replayed: u64,
    /// Whether there are more; ask again for those.
    pub has_more: bool,
}
