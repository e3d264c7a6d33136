//! It is said that an invoice was paid, at the address that came with it: written down with the payment's success, signed
//! (Standard Webhooks), and sent until it is taken.

use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, StatusCode, Uri};
use http_body_util::Full;
use kit_db::Tx;
use kit_rpc::pool::Pool;
use kit_webhooks::WebhookKey;

use super::{PaymentsFailure, PaymentsService};
use crate::domain::Callback;
use crate::post::post_json;
use crate::store;

/// Says that invoices were paid.
pub(crate) struct CallbackSender {
    /// Connections to whoever is told.
    pub pool: Pool<Full<Bytes>>,
    /// What it is signed with.
    pub key: WebhookKey,
}

impl PaymentsService {
    /// Sends what is due, unless somebody else does; whether it is over with it.
    pub(super) async fn call_back(self, seen: Callback) -> Result<bool, PaymentsFailure> {
        let now = self.units.now();
        let (claimed, next) = (seen.clone(), seen.next_send_at(now));
        let unit = async move |tx: &mut Tx| store::claim_callback(tx, &claimed, next).await;
        if !self.units.write(unit).await? {
            return Ok(false);
        }
        let Some(headers) = self.callbacks.key.sign(&seen.event_id(), now, &seen.body) else {
            return Ok(false);
        };
        let status = self.callbacks.send(&seen, headers).await;
        let is_heard = status.is_some_and(is_final);
        if !is_heard && !seen.is_last() {
            return Ok(false);
        }
        if !status.is_some_and(|status| status.is_success()) {
            tracing::warn!(payment_id = %seen.payment_id, ?status, "nobody takes that a payment was paid");
        }
        let unit = async move |tx: &mut Tx| store::delete_callback(tx, seen.payment_id).await;
        self.units.write(unit).await?;
        Ok(true)
    }
}

impl CallbackSender {
    async fn send(&self, callback: &Callback, headers: HeaderMap) -> Option<StatusCode> {
        let mut target = callback.url.parse::<Uri>().ok()?.into_parts();
        let server = format!(
            "{}://{}",
            target.scheme.take().unwrap_or(Scheme::HTTP),
            target.authority.take()?
        );
        let path = target
            .path_and_query
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        let server = self.pool.upstream(&server.parse().ok()?).ok()?;
        post_json(&server, path, headers, callback.body.clone()).await
    }
}

/// Whether another try would be answered the same: it was taken, or refused for what it says.
fn is_final(status: StatusCode) -> bool {
    let is_temporary = matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
    );
    status.is_success() || status.is_client_error() && !is_temporary
}
