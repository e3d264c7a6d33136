//! What notifications decides, without clock, database or network.

mod attempt;
mod mail;
mod message;
mod notification;
mod order;
mod preference;
mod subscription;
mod text;
mod webhook;

pub(crate) use attempt::AttemptFailure;
pub(crate) use mail::Mail;
pub(crate) use message::{Content, Message, MessageId, MessageState};
pub(crate) use notification::Notification;
pub(crate) use order::{OrderChanged, OrderFacts};
pub(crate) use preference::{ChannelChange, Channels, all_preferences, check_preferences};
pub(crate) use subscription::{SubscriptionChanged, SubscriptionFacts};
pub(crate) use text::{MailText, Text};
pub(crate) use webhook::{
    AttemptReport, DeliveryOutcome, ForwardedEvent, UrlRules, WebhookAttempt, WebhookAttemptId,
    WebhookDelivery, WebhookEndpoint, WebhookFacts, WebhookUrl, check_new_endpoint, check_overlap,
    check_update, decide, webhook_body,
};
