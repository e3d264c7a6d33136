//! The queue of webhooks: put into it with the event that they tell of, taken out for an attempt, and ended with its
//! outcome.

use std::collections::HashMap;
use std::time::Duration;

use http::HeaderMap;
use kit_db::{Reader, StoreError, Tx};
use kit_runtime::Timestamp;
use kit_service::Failure;
use notifications_api::{NotificationKind, Recipient, WebhookEndpointId, WebhookEvents};

use super::WebhooksService;
use crate::domain::{
    AttemptReport, Content, DeliveryOutcome, Message, WebhookAttempt, WebhookDelivery, WebhookEndpoint,
    WebhookFacts, decide,
};
use crate::service::NotificationsFailure;
use crate::store;
use crate::webhooks::EndpointSecret;

/// How much longer than an attempt may take it has its delivery for itself, to write how it ended.
const LEASE_MARGIN: Duration = Duration::from_secs(45);

/// How many deliveries that have ended are removed at once.
const SWEEP_PAGE: u32 = 1_000;

/// An endpoint and what is to be sent to it now.
pub(crate) type DueWebhook = (WebhookEndpoint, WebhookDelivery);

impl WebhooksService {
    /// Whether any endpoint wants to know of an event, and it was not too long ago.
    pub(crate) async fn is_of_interest(
        &self,
        kind: WebhookEvents,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        if at < self.units.now().minus(self.rules.within) {
            return Ok(false);
        }
        let read = async move |reader: &mut Reader| store::list_enabled_endpoints(reader).await;
        let enabled = self.units.read(read).await?;
        Ok(enabled.iter().any(|endpoint| endpoint.events.includes(kind)))
    }

    /// Writes a delivery of an event for each endpoint that wants it, in a transaction.
    pub(crate) async fn add_deliveries_in(
        &self,
        tx: &mut Tx,
        kind: WebhookEvents,
        (event_id, body): (&str, &str),
    ) -> Result<(), StoreError> {
        for endpoint in store::list_enabled_endpoints(tx).await? {
            if endpoint.events.includes(kind) {
                let event = (event_id, kind.as_str());
                let delivery = self.new_delivery(endpoint.id, event, body.to_owned());
                store::insert_delivery(tx, &delivery).await?;
            }
        }
        Ok(())
    }

    /// Deliveries that are due, each for one attempt: to no endpoint more than it has free slots beside those that are
    /// `in_flight` here.
    pub(crate) async fn take_due(
        &self,
        in_flight: &HashMap<WebhookEndpointId, usize>,
    ) -> Result<Vec<DueWebhook>, StoreError> {
        let now = self.units.now();
        let look = async move |reader: &mut Reader| store::list_due_endpoints(reader, now).await;
        let slots = |endpoint: WebhookEndpoint| {
            let taken = in_flight.get(&endpoint.id).copied().unwrap_or_default();
            let free = i64::try_from(self.rules.at_once.saturating_sub(taken)).unwrap_or(i64::MAX);
            (free > 0).then_some((endpoint, free))
        };
        let due = self.units.read(look).await?;
        let due: Vec<_> = due.into_iter().filter_map(slots).collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let span = (now, now.plus(self.rules.timeout + LEASE_MARGIN));
        let unit = async move |tx: &mut Tx| {
            let mut taken = Vec::new();
            for (endpoint, free) in &due {
                let deliveries = store::take_due_deliveries(tx, endpoint.id, span, *free).await?;
                taken.extend(
                    deliveries
                        .into_iter()
                        .map(|delivery| (endpoint.clone(), delivery)),
                );
            }
            Ok::<_, StoreError>(taken)
        };
        self.units.write(unit).await
    }

    /// The headers of a delivery, signed now.
    pub(crate) fn sign(&self, (endpoint, delivery): &DueWebhook) -> Result<HeaderMap, String> {
        let now = self.units.now();
        let secrets = endpoint.signing_versions(now).into_iter();
        let secrets: Vec<_> = secrets
            .map(|version| self.secrets.of(endpoint.id, version))
            .collect();
        // Signatures that nobody can verify are worse than none.
        if secrets
            .first()
            .is_none_or(|newest| newest.check() != endpoint.secret_check)
        {
            return Err(
                "`notifications.webhooks.secret` is another one than when the secret was made; rotate it"
                    .into(),
            );
        }
        let keys: Vec<_> = secrets.iter().map(EndpointSecret::key).collect();
        let headers = kit_webhooks::sign(&keys, &delivery.webhook_id, now, &delivery.body);
        headers.ok_or_else(|| "its identifier cannot stand in a header".to_owned())
    }

    /// Writes how an attempt ended, for the delivery and for its endpoint. Nothing happens where the delivery was taken
    /// by another attempt meanwhile, or the endpoint is gone.
    pub(crate) async fn finish_attempt(
        &self,
        (endpoint, delivery): &DueWebhook,
        report: AttemptReport,
        began_at: Timestamp,
    ) -> Result<(), NotificationsFailure> {
        let (webhooks, id, delivery) = (self.clone(), endpoint.id, delivery.clone());
        let ([noise], now) = (self.ids.random::<1>(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            let Some(endpoint) = store::hold_endpoint(tx, id).await? else {
                return Ok::<_, NotificationsFailure>(());
            };
            let rules = (now, webhooks.rules.disable_after);
            let (outcome, after) = decide((endpoint.clone(), &delivery), &report, rules, noise);
            if !store::finish_delivery(tx, &delivery, outcome, now).await? {
                return Ok(());
            }
            store::insert_attempt(tx, &webhooks.attempt(&delivery, &report, began_at)).await?;
            if after != endpoint {
                store::update_endpoint(tx, &after).await?;
            }
            if endpoint.is_enabled() && !after.is_enabled() {
                store::fail_pending_deliveries(tx, id, now).await?;
                webhooks.notify_disabled_in(tx, &after).await?;
            }
            log_outcome(&delivery, outcome, &report);
            Ok(())
        };
        self.units.write(unit).await?;
        self.notifications.wake_sender();
        Ok(())
    }

    fn attempt(
        &self,
        delivery: &WebhookDelivery,
        report: &AttemptReport,
        attempted_at: Timestamp,
    ) -> WebhookAttempt {
        WebhookAttempt {
            id: self.units.new_id(),
            endpoint_id: delivery.endpoint_id,
            delivery_id: delivery.id,
            number: delivery.attempts,
            attempted_at,
            duration_ms: report.duration_ms,
            status_code: report.status_code.map(i64::from),
            error: report.error.clone(),
            response: report.response.clone(),
        }
    }

    /// Says to the admin who looks after an endpoint that it gets nothing any more.
    async fn notify_disabled_in(
        &self,
        tx: &mut Tx,
        endpoint: &WebhookEndpoint,
    ) -> Result<(), NotificationsFailure> {
        let kind = NotificationKind::WebhookDisabled;
        let facts = WebhookFacts::of(endpoint);
        let text = self
            .templates
            .webhook_disabled(&facts)
            .map_err(Failure::internal)?;
        let (user_id, content) = (endpoint.managed_by, Content::WebhookDisabled(facts));
        let to = Recipient::User(user_id);
        let message = Message::new(self.units.new_id(), to, &content, self.units.now());
        let message = message.map_err(Failure::internal)?;
        let told = (kind, &text);
        Ok(self
            .notifications
            .notify_in(tx, user_id, told, Some(&message))
            .await?)
    }

    /// Removes a batch of deliveries that ended longer ago than they are kept; how many.
    pub(crate) async fn delete_finished(&self) -> Result<u64, NotificationsFailure> {
        let before = self.units.now().minus(self.rules.kept);
        let unit = async move |tx: &mut Tx| store::delete_finished_deliveries(tx, before, SWEEP_PAGE).await;
        Ok(self.units.write(unit).await?)
    }
}

fn log_outcome(delivery: &WebhookDelivery, outcome: DeliveryOutcome, report: &AttemptReport) {
    let (id, attempts) = (delivery.id, delivery.attempts);
    let error = report.error.as_deref().unwrap_or_default();
    match outcome {
        DeliveryOutcome::Delivered => tracing::debug!(%id, attempts, "a webhook was taken"),
        DeliveryOutcome::TryAgain(_) => tracing::info!(%id, attempts, error, "a webhook is sent again later"),
        DeliveryOutcome::Failed => tracing::warn!(%id, attempts, error, "a webhook is given up"),
    }
}
