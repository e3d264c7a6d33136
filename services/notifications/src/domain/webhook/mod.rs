//! Webhooks: who gets them, what is sent, and what follows from how that ended.

mod attempt;
mod delivery;
mod endpoint;
mod event;
mod url;

pub(crate) use attempt::{AttemptReport, WebhookAttempt, WebhookAttemptId};
pub(crate) use delivery::{DeliveryOutcome, WebhookDelivery, decide};
pub(crate) use endpoint::{WebhookEndpoint, WebhookFacts, check_new_endpoint, check_overlap, check_update};
pub(crate) use event::{ForwardedEvent, webhook_body};
pub(crate) use url::{UrlRules, WebhookUrl};
