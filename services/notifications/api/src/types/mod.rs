//! The JSON of notifications' public routes.

mod mailbox;
mod notifications;
mod phone_number;
mod preferences;
mod webhooks;

pub use mailbox::{MailChannel, MailFilter, MailId, MailSummary, MailView};
pub use notifications::{AllRead, NotificationId, NotificationKind, NotificationListing, NotificationView};
pub use phone_number::{PhoneNumber, PhoneNumberError};
pub use preferences::{PreferenceView, Preferences};
pub use webhooks::{
    CreateWebhookEndpoint, ReplayWebhooks, RotateWebhookSecret, UpdateWebhookEndpoint, WebhookAttemptView,
    WebhookDeliveryDetails, WebhookDeliveryFilter, WebhookDeliveryId, WebhookDeliveryState,
    WebhookDeliveryView, WebhookDescription, WebhookDisabledReason, WebhookEndpointId, WebhookEndpointView,
    WebhookEndpointWithSecret, WebhookEvents, WebhookSecret, WebhookStatus, WebhooksReplayed,
};
