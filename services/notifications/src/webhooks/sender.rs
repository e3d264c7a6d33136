//! Sends webhooks that are due.
//!
//! Processes share the queue: each takes deliveries for a while, tries them, and writes how that ended. A process that
//! dies in between has them tried again by another; so a webhook is sent at least once, and known by its `webhook-id`
//! when it is sent twice. An endpoint has so many slots and no more: however slow it is, or however much waits for it,
//! those of others are free. Nothing is called inside a unit of work.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kit_runtime::{Clock, Stop, TaskError, Tasks};
use notifications_api::WebhookEndpointId;

use super::client::WebhookClient;
use crate::domain::{AttemptReport, UrlRules, WebhookUrl};
use crate::service::{DueWebhook, WebhooksService};

/// How often it is looked for deliveries that are due again, or that another process wrote.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What an attempt needs.
#[derive(Clone)]
pub(crate) struct WebhookSender {
    pub(crate) webhooks: WebhooksService,
    pub(crate) client: WebhookClient,
    pub(crate) rules: UrlRules,
    pub(crate) clock: Clock,
}

impl WebhookSender {
    /// Starts it. Processes may do so side by side.
    pub(crate) fn start(self, tasks: &Tasks) {
        tasks.supervise("notifications.webhooks", move |stop| {
            let sender = self.clone();
            async move { sender.run(&stop).await }
        });
    }

    async fn run(&self, stop: &Stop) -> Result<(), TaskError> {
        let mut attempts = FuturesUnordered::new();
        let mut in_flight: HashMap<WebhookEndpointId, usize> = HashMap::new();
        let mut outcome = Ok(());
        while !stop.is_requested() {
            match self.webhooks.take_due(&in_flight).await {
                Ok(due) => {
                    for webhook in due {
                        *in_flight.entry(webhook.0.id).or_default() += 1;
                        attempts.push(self.attempt(webhook));
                    }
                }
                // What is under way ends all the same.
                Err(error) => {
                    outcome = Err(error.into());
                    break;
                }
            }
            tokio::select! {
                () = stop.requested() => {}
                Some(endpoint_id) = attempts.next() => release(&mut in_flight, endpoint_id),
                () = self.webhooks.delivery_written() => {}
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
        while attempts.next().await.is_some() {}
        outcome
    }

    /// Tries a webhook once, and writes how that ended; to which endpoint it was.
    async fn attempt(&self, webhook: DueWebhook) -> WebhookEndpointId {
        let began_at = self.clock.now();
        let report = match (
            self.webhooks.sign(&webhook),
            WebhookUrl::parse(&webhook.0.url, self.rules),
        ) {
            (Ok(headers), Ok(url)) => self.client.post(&url, headers, webhook.1.body.clone()).await,
            (Err(reason), _) => AttemptReport::unanswered(&reason),
            // It was allowed when the endpoint was made.
            (_, Err(reason)) => AttemptReport::unanswered(&format!("its address {reason}")),
        };
        if let Err(error) = self.webhooks.finish_attempt(&webhook, report, began_at).await {
            // Its time for this attempt runs out, and then it is sent again.
            tracing::warn!(id = %webhook.1.id, %error, "what became of a webhook cannot be written");
        }
        webhook.0.id
    }
}

fn release(in_flight: &mut HashMap<WebhookEndpointId, usize>, endpoint_id: WebhookEndpointId) {
    if let Some(count) = in_flight.get_mut(&endpoint_id) {
        *count -= 1;
        if *count == 0 {
            in_flight.remove(&endpoint_id);
        }
    }
}
