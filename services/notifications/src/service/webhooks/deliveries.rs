//! What was and is to be sent, for admins: looking at it, and sending it again.

use kit_db::{Reader, Tx};
use kit_http::extract::{FilteredPage, Page, PageRequest};
use kit_service::{Call, Failure};
use notifications_api::{
    NotificationsRefusal, ReplayWebhooks, WebhookAttemptView, WebhookDeliveryDetails, WebhookDeliveryFilter,
    WebhookDeliveryId, WebhookDeliveryState, WebhookDeliveryView, WebhookEndpointId, WebhooksReplayed,
};
use serde_json::{Map, Value};

use super::{DELIVERY, ENDPOINT, WebhooksService};
use crate::domain::{WebhookAttemptId, WebhookDelivery, webhook_body};
use crate::service::NotificationsFailure;
use crate::store;

/// The type of a webhook that an admin asks for.
const TEST: &str = "webhook.test";

/// How many attempts of a delivery are shown with it.
const SHOWN_ATTEMPTS: i64 = 100;

/// How many deliveries are sent again at once.
const REPLAYED_AT_ONCE: i64 = 1_000;

impl WebhooksService {
    /// A page of what was or is to be sent to an endpoint, the newest first.
    pub(crate) async fn list_deliveries(
        &self,
        id: WebhookEndpointId,
        request: &FilteredPage<WebhookDeliveryFilter>,
    ) -> Result<Page<WebhookDeliveryView>, NotificationsFailure> {
        let (before, limit) = request.page.rows::<WebhookDeliveryId>()?;
        let state = request.filter.state;
        let read = async move |reader: &mut Reader| {
            if store::find_endpoint(reader, id).await?.is_none() {
                return Ok(None);
            }
            store::list_deliveries(reader, (id, state), before, limit)
                .await
                .map(Some)
        };
        let found = self.units.read(read).await?.ok_or(Failure::NotFound(ENDPOINT))?;
        let page = Page::cut(found, &request.page, |delivery| delivery.id.to_string());
        Ok(page.map(WebhookDeliveryView::from))
    }

    /// A delivery, with what it says and its newest attempts.
    pub(crate) async fn get_delivery(
        &self,
        (endpoint_id, id): (WebhookEndpointId, WebhookDeliveryId),
    ) -> Result<WebhookDeliveryDetails, NotificationsFailure> {
        let read = async move |reader: &mut Reader| {
            let found = store::find_delivery(reader, endpoint_id, id).await?;
            Ok((found, store::list_attempts_of(reader, id, SHOWN_ATTEMPTS).await?))
        };
        let (found, tried) = self.units.read(read).await?;
        let delivery = found.ok_or(Failure::NotFound(DELIVERY))?;
        Ok(WebhookDeliveryDetails {
            body: delivery.body.clone(),
            delivery: delivery.into(),
            tried: tried.into_iter().map(WebhookAttemptView::from).collect(),
        })
    }

    /// A page of attempts at an endpoint, the newest first.
    pub(crate) async fn list_attempts(
        &self,
        id: WebhookEndpointId,
        request: &PageRequest,
    ) -> Result<Page<WebhookAttemptView>, NotificationsFailure> {
        let (before, limit) = request.rows::<WebhookAttemptId>()?;
        let read = async move |reader: &mut Reader| {
            if store::find_endpoint(reader, id).await?.is_none() {
                return Ok(None);
            }
            store::list_attempts(reader, id, before, limit).await.map(Some)
        };
        let found = self.units.read(read).await?.ok_or(Failure::NotFound(ENDPOINT))?;
        let page = Page::cut(found, request, |attempt| attempt.id.to_string());
        Ok(page.map(WebhookAttemptView::from))
    }

    /// Sends a webhook that says nothing but that it is a test.
    pub(crate) async fn send_test(
        &self,
        call: &Call,
        id: WebhookEndpointId,
    ) -> Result<WebhookDeliveryView, NotificationsFailure> {
        let now = self.units.now();
        let data = Map::from_iter([("endpoint_id".to_owned(), Value::from(id.to_string()))]);
        let body = webhook_body(TEST, now, &data).map_err(Failure::internal)?;
        let event_id = self.units.new_id::<kit_values::Uuid>().to_string();
        let delivery = self.new_delivery(id, (&event_id, TEST), body);
        let inserted = delivery.clone();
        let unit = async move |tx: &mut Tx| {
            require_enabled(tx, id).await?;
            store::insert_delivery(tx, &inserted).await?;
            Ok::<_, NotificationsFailure>(())
        };
        self.units.unit(call, unit).await?;
        self.wake_sender();
        Ok(delivery.into())
    }

    /// Sends a delivery again, whatever became of it.
    pub(crate) async fn replay_delivery(
        &self,
        call: &Call,
        (endpoint_id, id): (WebhookEndpointId, WebhookDeliveryId),
    ) -> Result<WebhookDeliveryView, NotificationsFailure> {
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| {
            let found = store::find_delivery(tx, endpoint_id, id).await?;
            found.ok_or(Failure::NotFound(DELIVERY))?;
            require_enabled(tx, endpoint_id).await?;
            store::replay_delivery(tx, id, now).await?;
            let replayed = store::find_delivery(tx, endpoint_id, id).await?;
            replayed.ok_or(NotificationsFailure::NotFound(DELIVERY))
        };
        let replayed = self.units.unit(call, unit).await?;
        self.wake_sender();
        Ok(replayed.into())
    }

    /// Sends again what failed since a moment, as much as is sent again at once.
    pub(crate) async fn replay_failed(
        &self,
        call: &Call,
        id: WebhookEndpointId,
        request: &ReplayWebhooks,
    ) -> Result<WebhooksReplayed, NotificationsFailure> {
        let (now, since) = (self.units.now(), request.since);
        let unit = async move |tx: &mut Tx| {
            require_enabled(tx, id).await?;
            let replayed = store::replay_failed_deliveries(tx, (id, since), REPLAYED_AT_ONCE, now).await?;
            let has_more = store::has_failed_deliveries(tx, id, since).await?;
            Ok::<_, NotificationsFailure>(WebhooksReplayed { replayed, has_more })
        };
        let replayed = self.units.unit(call, unit).await?;
        self.wake_sender();
        Ok(replayed)
    }

    /// A delivery of an event that is due at once.
    pub(super) fn new_delivery(
        &self,
        endpoint_id: WebhookEndpointId,
        (event_id, kind): (&str, &str),
        body: String,
    ) -> WebhookDelivery {
        let now = self.units.now();
        WebhookDelivery {
            id: self.units.new_id(),
            endpoint_id,
            webhook_id: format!("evt_{event_id}"),
            r#type: kind.to_owned(),
            body,
            state: WebhookDeliveryState::Pending,
            attempts: 0,
            earlier_attempts: 0,
            due_at: now,
            created_at: now,
            finished_at: None,
        }
    }
}

/// Refuses where the endpoint gets no webhooks. It is held, so that it does until the transaction ends.
async fn require_enabled(tx: &mut Tx, id: WebhookEndpointId) -> Result<(), NotificationsFailure> {
    let found = store::hold_endpoint(tx, id).await?;
    if found.ok_or(Failure::NotFound(ENDPOINT))?.is_enabled() {
        Ok(())
    } else {
        Err(Failure::Refused(NotificationsRefusal::WebhookEndpointDisabled))
    }
}
