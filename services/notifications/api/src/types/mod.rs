//! The JSON of notifications' public routes.

mod mailbox;
mod notifications;
mod preferences;
mod webhooks;

pub use mailbox::{MailFilter, MailId, MailSummary, MailView};
pub use notifications::{AllRead, NotificationId, NotificationKind, NotificationListing, NotificationView};
pub use preferences::{PreferenceView, Preferences};
pub use webhooks::{
    CreateWebhookEndpoint, ReplayWebhooks, RotateWebhookSecret, UpdateWebhookEndpoint, WebhookAttemptView,
    WebhookDeliveryDetails, WebhookDeliveryFilter, WebhookDeliveryId, WebhookDeliveryState,
    WebhookDeliveryView, WebhookDescription, WebhookDisabledReason, WebhookEndpointId, WebhookEndpointView,
    WebhookEndpointWithSecret, WebhookEvents, WebhookSecret, WebhookStatus, WebhooksReplayed,
};
