//! Webhooks, apart from their use cases: the events that become some, the secrets that sign them, the task that sends
//! them, and the client that reaches other people's servers and nobody else's.

pub(crate) mod consumer;
pub(crate) mod sender;

mod client;
mod secrets;

pub(crate) use client::WebhookClient;
pub(crate) use secrets::{EndpointSecret, WebhookSecrets};
