//! Who gets webhooks.

use kit_db::{Reader, Tx};
use kit_http::FieldError;
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure};
use notifications_api::{
    CreateWebhookEndpoint, NotificationsRefusal, RotateWebhookSecret, UpdateWebhookEndpoint,
    WebhookEndpointId, WebhookEndpointView, WebhookEndpointWithSecret, WebhookSecret,
};

use super::{ENDPOINT, WebhooksService};
use crate::domain::{WebhookEndpoint, WebhookUrl, check_new_endpoint, check_overlap, check_update};
use crate::service::NotificationsFailure;
use crate::store;

impl WebhooksService {
    /// Makes an endpoint; it with its secret.
    pub(crate) async fn create_endpoint(
        &self,
        call: &Call,
        request: CreateWebhookEndpoint,
    ) -> Result<WebhookEndpointWithSecret, NotificationsFailure> {
        let draft = check_new_endpoint(request, self.rules.url)?;
        self.require_public(&draft.url).await?;
        let (by, now) = (call.actor.user_id, self.units.now());
        let made = WebhookEndpoint::new(self.units.new_id(), draft, by, now);
        let (made, secret) = self.with_secret(made);
        let (most, endpoint) = (self.rules.endpoints, made.clone());
        let unit = async move |tx: &mut Tx| {
            store::hold_webhook_guard(tx).await?;
            require_free(tx, &endpoint).await?;
            if store::count_endpoints(tx).await? >= most {
                return Err(Failure::Refused(NotificationsRefusal::TooManyWebhookEndpoints {
                    most,
                }));
            }
            Ok::<_, NotificationsFailure>(store::insert_endpoint(tx, &endpoint).await?)
        };
        self.units.unit(call, unit).await?;
        let endpoint = made.into();
        Ok(WebhookEndpointWithSecret { endpoint, secret })
    }

    /// A page of endpoints, the newest first.
    pub(crate) async fn list_endpoints(
        &self,
        request: &PageRequest,
    ) -> Result<Page<WebhookEndpointView>, NotificationsFailure> {
        let (before, limit) = request.rows::<WebhookEndpointId>()?;
        let read = async move |reader: &mut Reader| store::list_endpoints(reader, before, limit).await;
        let page = Page::cut(self.units.read(read).await?, request, |endpoint| {
            endpoint.id.to_string()
        });
        Ok(page.map(WebhookEndpointView::from))
    }

    pub(crate) async fn get_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpointView, NotificationsFailure> {
        let read = async move |reader: &mut Reader| store::find_endpoint(reader, id).await;
        let found = self.units.read(read).await?;
        Ok(found.ok_or(Failure::NotFound(ENDPOINT))?.into())
    }

    /// Changes what is named; the endpoint after it. What waits for one that is disabled has failed.
    pub(crate) async fn update_endpoint(
        &self,
        call: &Call,
        id: WebhookEndpointId,
        request: UpdateWebhookEndpoint,
    ) -> Result<WebhookEndpointView, NotificationsFailure> {
        let changes = check_update(request, self.rules.url)?;
        if let Some(url) = &changes.url {
            self.require_public(url).await?;
        }
        let (by, now) = (call.actor.user_id, self.units.now());
        let unit = async move |tx: &mut Tx| {
            store::hold_webhook_guard(tx).await?;
            let found = store::hold_endpoint(tx, id).await?;
            let endpoint = found
                .ok_or(Failure::NotFound(ENDPOINT))?
                .updated(changes.clone(), by, now);
            require_free(tx, &endpoint).await?;
            store::update_endpoint(tx, &endpoint).await?;
            if !endpoint.is_enabled() {
                store::fail_pending_deliveries(tx, id, now).await?;
            }
            Ok::<_, NotificationsFailure>(endpoint)
        };
        Ok(self.units.unit(call, unit).await?.into())
    }

    /// Removes an endpoint; as it was.
    pub(crate) async fn delete_endpoint(
        &self,
        call: &Call,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpointView, NotificationsFailure> {
        let unit = async move |tx: &mut Tx| {
            let found = store::hold_endpoint(tx, id).await?;
            let endpoint = found.ok_or(Failure::NotFound(ENDPOINT))?;
            store::delete_endpoint(tx, id).await?;
            Ok::<_, NotificationsFailure>(endpoint)
        };
        Ok(self.units.unit(call, unit).await?.into())
    }

    /// Signs with a new secret from now on, and for a while with the one before as well.
    pub(crate) async fn rotate_secret(
        &self,
        call: &Call,
        id: WebhookEndpointId,
        request: &RotateWebhookSecret,
    ) -> Result<WebhookEndpointWithSecret, NotificationsFailure> {
        let overlap = check_overlap(request)?;
        let (webhooks, by, now) = (self.clone(), call.actor.user_id, self.units.now());
        let unit = async move |tx: &mut Tx| {
            let found = store::hold_endpoint(tx, id).await?;
            let rotated = found
                .ok_or(Failure::NotFound(ENDPOINT))?
                .rotated(overlap, by, now);
            let (rotated, secret) = webhooks.with_secret(rotated);
            store::update_endpoint(tx, &rotated).await?;
            Ok::<_, NotificationsFailure>((rotated, secret))
        };
        let (rotated, secret) = self.units.unit(call, unit).await?;
        let endpoint = rotated.into();
        Ok(WebhookEndpointWithSecret { endpoint, secret })
    }

    /// The endpoint with what its secret is known by, and its secret.
    fn with_secret(&self, endpoint: WebhookEndpoint) -> (WebhookEndpoint, WebhookSecret) {
        let made = self.secrets.of(endpoint.id, endpoint.secret_version);
        let secret_check = made.check();
        let secret = WebhookSecret(made.text().expose().clone());
        let endpoint = WebhookEndpoint {
            secret_check,
            ..endpoint
        };
        (endpoint, secret)
    }

    /// Refuses a name that leads into our own network at present. It is looked at again whenever something is sent.
    async fn require_public(&self, url: &WebhookUrl) -> Result<(), NotificationsFailure> {
        let found = self.client.find_private(url).await;
        found.map_or(Ok(()), |reason| {
            Err(Failure::Invalid(vec![FieldError::new("/url", reason)]))
        })
    }
}

/// Refuses an endpoint at an address where another one is.
async fn require_free(tx: &mut Tx, endpoint: &WebhookEndpoint) -> Result<(), NotificationsFailure> {
    match store::find_endpoint_at(tx, &endpoint.url).await? {
        Some(other) if other.id != endpoint.id => {
            Err(Failure::Refused(NotificationsRefusal::WebhookUrlTaken))
        }
        _ => Ok(()),
    }
}
