//! What the sandbox says by webhooks: written down with the change, signed, sent until it is taken; and, where that is
//! wished for, sent twice, in another order, later, or not at all.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::uri::PathAndQuery;
use http_body_util::Full;
use kit_db::{Reader, StoreError, Tx};
use kit_rpc::pool::Upstream;
use kit_runtime::{Tasks, Timestamp};
use kit_values::Money;
use payments_api::{SandboxEvent, SandboxEventData};

use super::{Sandbox, SandboxCharge, SandboxStatus};
use crate::domain::{ChargeOutcome, RefundOutcome};
use crate::post::post_json;
use crate::provider::ProviderNews;
use crate::service::PaymentsService;
use crate::store;

const BATCH: i64 = 100;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// How often it is tried, over an hour and a half; then whoever should know has to ask.
const MOST_TRIES: i64 = 10;

/// How badly the sandbox sends its webhooks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chaos {
    /// How many of a hundred are sent twice.
    pub duplicate: u32,
    /// How many of a hundred are lost; they are sent again later.
    pub drop: u32,
    /// Whether the newest goes first.
    pub reorder: bool,
    /// How much later they are sent.
    pub delay: Duration,
}

/// To where webhooks are sent.
pub(crate) enum Receiver {
    /// The service of this process.
    Local(Box<PaymentsService>),
    /// An address.
    Http {
        server: Upstream<Full<Bytes>>,
        path: PathAndQuery,
    },
}

/// A webhook that is not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SandboxWebhook {
    pub id: String,
    pub body: String,
    pub next_send_at: Timestamp,
    pub tries: i64,
    pub created_at: Timestamp,
}

/// What a webhook says.
pub(in crate::provider) fn read_webhook(body: &str) -> serde_json::Result<ProviderNews> {
    let SandboxEvent { r#type, data, .. } = serde_json::from_str(body)?;
    let (key, reason) = (data.key, data.reason.unwrap_or_default());
    let outcome = match r#type.as_str() {
        "charge.succeeded" => ChargeOutcome::Succeeded { amount: data.amount },
        "charge.declined" => ChargeOutcome::Declined { reason },
        "charge.closed" => ChargeOutcome::Closed { reason },
        "refund.succeeded" => {
            return Ok(ProviderNews::Refund {
                key,
                outcome: RefundOutcome::Succeeded,
            });
        }
        _ => return Ok(ProviderNews::Other),
    };
    Ok(ProviderNews::Charge { key, outcome })
}

impl Sandbox {
    /// Notes what is to be said of a charge that has come to its end.
    pub(super) async fn announce(&self, tx: &mut Tx, charge: &SandboxCharge) -> Result<(), StoreError> {
        let kind = match charge.status {
            SandboxStatus::Open | SandboxStatus::ActionRequired => return Ok(()),
            SandboxStatus::Succeeded => "charge.succeeded",
            SandboxStatus::Declined => "charge.declined",
            SandboxStatus::Closed => "charge.closed",
        };
        let amount = Money {
            amount_minor: charge.amount_minor,
            currency: charge.currency,
        };
        self.announce_of(tx, kind, (charge.key.clone(), amount, charge.reason.clone()))
            .await
    }

    pub(super) async fn announce_of(
        &self,
        tx: &mut Tx,
        kind: &str,
        (key, amount, reason): (String, Money, Option<String>),
    ) -> Result<(), StoreError> {
        let now = self.0.units.now();
        let body = SandboxEvent {
            r#type: kind.to_owned(),
            timestamp: now,
            data: SandboxEventData { key, amount, reason },
        };
        let body = serde_json::to_string(&body).map_err(|error| StoreError::Database(error.into()))?;
        let webhook = SandboxWebhook {
            id: format!("evt_{}", self.0.units.new_id::<kit_values::Uuid>()),
            body,
            next_send_at: now.plus(self.0.chaos.delay),
            tries: 0,
            created_at: now,
        };
        store::insert_sandbox_webhook(tx, &webhook).await
    }

    /// Starts to send. Processes may do so side by side.
    pub(crate) fn start_sending(&self, tasks: &Tasks, receiver: Receiver, period: Duration) {
        let (sandbox, receiver) = (self.clone(), std::sync::Arc::new(receiver));
        tasks.repeat("payments.sandbox.webhooks", period, move || {
            let (sandbox, receiver) = (sandbox.clone(), receiver.clone());
            async move { sandbox.send_due(&receiver).await.map(|delivered| delivered > 0) }
        });
    }

    /// Sends what is due; how many were delivered.
    async fn send_due(&self, receiver: &Receiver) -> Result<usize, StoreError> {
        let now = self.0.units.now();
        let read = async move |reader: &mut Reader| store::list_sandbox_webhooks(reader, now, BATCH).await;
        let mut due = self.0.units.read(read).await?;
        if self.0.chaos.reorder {
            due.reverse();
        }
        let mut delivered = 0;
        for webhook in due {
            let (id, claiming) = (webhook.id.clone(), webhook.clone());
            let doublings = u32::try_from(webhook.tries).unwrap_or_default().min(16);
            let next = now.plus(FIRST_PAUSE * 2_u32.pow(doublings));
            let unit = async move |tx: &mut Tx| store::claim_sandbox_webhook(tx, &claiming, next).await;
            if !self.0.units.write(unit).await? {
                continue;
            }
            let is_delivered = self.send(receiver, &webhook).await;
            if is_delivered || webhook.tries + 1 >= MOST_TRIES {
                let unit = async move |tx: &mut Tx| store::delete_sandbox_webhook(tx, &id).await;
                self.0.units.write(unit).await?;
            }
            delivered += usize::from(is_delivered);
        }
        Ok(delivered)
    }

    async fn send(&self, receiver: &Receiver, webhook: &SandboxWebhook) -> bool {
        let Some(headers) = self.0.webhook_keys[0].sign(&webhook.id, self.0.units.now(), &webhook.body)
        else {
            return false;
        };
        if self.is_one_of(self.0.chaos.drop) {
            return false;
        }
        let is_taken = receiver.take(&headers, &webhook.body).await;
        if self.is_one_of(self.0.chaos.duplicate) {
            receiver.take(&headers, &webhook.body).await;
        }
        is_taken
    }

    /// True for so many of a hundred.
    fn is_one_of(&self, percent: u32) -> bool {
        let [one, two] = self.0.ids.random();
        u32::from(u16::from_be_bytes([one, two])) * 100 < percent * (u32::from(u16::MAX) + 1)
    }
}

impl Receiver {
    async fn take(&self, headers: &HeaderMap, body: &str) -> bool {
        match self {
            Self::Local(payments) => {
                let taken = payments
                    .receive_webhook("sandbox", headers, body.as_bytes())
                    .await;
                taken
                    .inspect_err(|failure| tracing::warn!(%failure, "a webhook is sent again"))
                    .is_ok()
            }
            Self::Http { server, path } => {
                let status = post_json(server, path.clone(), headers.clone(), body.to_owned()).await;
                status.is_some_and(|status| status.is_success())
            }
        }
    }
}
