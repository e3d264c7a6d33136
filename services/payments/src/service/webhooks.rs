//! What providers say by themselves: verified, stored once, and applied by a task, so that the provider has its answer
//! at once and sends it again only where it was not stored.

use http::HeaderMap;
use kit_db::Tx;
use kit_service::Failure;
use payments_api::PaymentsRefusal;

use super::{PaymentsFailure, PaymentsService};
use crate::domain::{Attempt, WebhookEvent};
use crate::provider::{ProviderNews, WebhookFault};
use crate::store;

/// How long events are known after they were applied, so that one that is sent again is.
const KEPT: std::time::Duration = std::time::Duration::from_hours(24 * 30);

impl PaymentsService {
    /// Takes a webhook of a provider, as the bytes that were signed.
    pub(crate) async fn receive_webhook(
        &self,
        provider: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), PaymentsFailure> {
        if provider != self.provider.name() {
            return Err(Failure::NotFound("Provider"));
        }
        let now = self.units.now();
        let event_id = match self.provider.verify_webhook(headers, body, now) {
            Ok(event_id) => event_id,
            Err(WebhookFault::Forged) => return Err(Failure::Refused(PaymentsRefusal::BadSignature)),
            Err(WebhookFault::Unreadable) => return Err(Failure::Refused(PaymentsRefusal::BadWebhook)),
        };
        let text = str::from_utf8(body).ok().map(str::to_owned);
        let text = text.filter(|text| self.provider.read_webhook(text).is_ok());
        let body = text.ok_or(Failure::Refused(PaymentsRefusal::BadWebhook))?;
        let event = WebhookEvent::new(self.provider.name(), event_id, body, now);
        let unit = async move |tx: &mut Tx| store::insert_webhook_event(tx, &event).await;
        self.units.write(unit).await?;
        self.wake();
        Ok(())
    }

    /// Applies an event, unless another process does.
    pub(super) async fn apply_webhook(self, seen: WebhookEvent) -> Result<bool, PaymentsFailure> {
        let (claiming, now) = (seen.clone(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            let mut claimed = claiming.clone();
            claimed.looked_at(now);
            store::claim_webhook_event(tx, &claiming, &claimed).await
        };
        if !self.units.write(unit).await? {
            return Ok(false);
        }
        let news = self
            .provider
            .read_webhook(&seen.body)
            .map_err(Failure::internal)?;
        match self.apply_news(news).await {
            Ok(()) => {}
            // Of something that is not ours: nothing to do, now or later.
            Err(Failure::NotFound(_)) => {
                tracing::warn!(event = seen.event_id, "a webhook of nothing we know");
            }
            Err(failure) => return Err(failure),
        }
        let unit = async move |tx: &mut Tx| store::mark_webhook_applied(tx, &seen).await;
        self.units.write(unit).await?;
        Ok(true)
    }

    async fn apply_news(&self, news: ProviderNews) -> Result<(), PaymentsFailure> {
        match news {
            ProviderNews::Charge { key, outcome } => {
                let (id, number) = Attempt::of_key(&key).ok_or(Failure::NotFound("Attempt"))?;
                self.apply_provider_result(id, number, outcome).await.map(drop)
            }
            ProviderNews::Refund { key, outcome } => {
                let id = key.parse().map_err(|_| Failure::NotFound("Refund"))?;
                match self.apply_refund_result(id, outcome.clone()).await {
                    Err(Failure::NotFound(_)) => self.apply_return_result(id, outcome).await.map(drop),
                    applied => applied.map(drop),
                }
            }
            ProviderNews::Other => Ok(()),
        }
    }

    /// Forgets events that were applied long ago.
    pub(crate) async fn forget_webhooks(&self) -> Result<(), PaymentsFailure> {
        let before = self.units.now().minus(KEPT);
        let unit = async move |tx: &mut Tx| store::delete_webhook_events(tx, before).await;
        Ok(self.units.write(unit).await?)
    }
}
