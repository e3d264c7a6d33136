//! Webhooks' use cases: who gets them, what is sent, and what becomes of it.

mod deliveries;
mod endpoints;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use kit_runtime::Ids;
use kit_service::Units;
use tokio::sync::Notify;

pub(crate) use queue::DueWebhook;

use super::NotificationsService;
use crate::config::NotificationsConfig;
use crate::domain::UrlRules;
use crate::templates::Templates;
use crate::webhooks::{WebhookClient, WebhookSecrets};

const ENDPOINT: &str = "Webhook endpoint";
const DELIVERY: &str = "Webhook delivery";

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct WebhooksService {
    units: Units,
    ids: Ids,
    notifications: NotificationsService,
    templates: Templates,
    client: WebhookClient,
    secrets: WebhookSecrets,
    rules: WebhookRules,
    /// A delivery was written here.
    due: Arc<Notify>,
}

/// What holds for webhooks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WebhookRules {
    pub(crate) url: UrlRules,
    /// How many endpoints there may be.
    pub(crate) endpoints: i64,
    /// How many deliveries to one endpoint a process tries at once.
    pub(crate) at_once: usize,
    /// How long an attempt may take.
    pub(crate) timeout: Duration,
    /// After how long an endpoint that takes nothing is disabled.
    pub(crate) disable_after: Duration,
    /// How long after an event a webhook of it is written.
    pub(crate) within: Duration,
    /// How long a delivery is kept after its end.
    pub(crate) kept: Duration,
}

impl WebhookRules {
    pub(crate) fn of(config: &NotificationsConfig) -> Self {
        Self {
            url: UrlRules {
                allow_http: config.webhooks_allow_http,
                allow_private: config.webhooks_allow_private,
            },
            endpoints: config.webhooks_endpoints.into(),
            at_once: config.webhooks_at_once,
            timeout: config.webhooks_timeout.into(),
            disable_after: config.webhooks_disable_after.into(),
            within: config.webhooks_within.into(),
            kept: config.webhooks_kept.into(),
        }
    }
}

impl WebhooksService {
    pub(crate) fn new(
        (units, ids): (Units, Ids),
        (notifications, templates): (NotificationsService, Templates),
        client: WebhookClient,
        secrets: WebhookSecrets,
        rules: WebhookRules,
    ) -> Self {
        Self {
            units,
            ids,
            notifications,
            templates,
            client,
            secrets,
            rules,
            due: Arc::default(),
        }
    }

    /// Looks for deliveries at once, since one was written.
    pub(crate) fn wake_sender(&self) {
        self.due.notify_one();
    }

    /// Returns once a delivery was written in this process.
    pub(crate) async fn delivery_written(&self) {
        self.due.notified().await;
    }
}
