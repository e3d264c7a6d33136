//! What others may know of notifications: its public routes, the types that go through them, the events it tells,
//! and the contract that other services call.

mod contract;
mod events;
mod refusal;
mod routes;
mod types;

pub use contract::{
    AccountMessage, MessageToken, Notifications, NotificationsClient, NotificationsError, Recipient,
    SendMessage,
};
pub use events::{NotificationCreated, TOPICS, events};
pub use refusal::NotificationsRefusal;
pub use routes::routes;
pub use types::{
    AllRead, CreateWebhookEndpoint, MailChannel, MailFilter, MailId, MailSummary, MailView, NotificationId,
    NotificationKind, NotificationListing, NotificationView, PhoneNumber, PhoneNumberError, PreferenceView,
    Preferences, ReplayWebhooks, RotateWebhookSecret, UpdateWebhookEndpoint, WebhookAttemptView,
    WebhookDeliveryDetails, WebhookDeliveryFilter, WebhookDeliveryId, WebhookDeliveryState,
    WebhookDeliveryView, WebhookDescription, WebhookDisabledReason, WebhookEndpointId, WebhookEndpointView,
    WebhookEndpointWithSecret, WebhookEvents, WebhookSecret, WebhookStatus, WebhooksReplayed,
};
