//! Payments' use cases: each loads, decides and saves, in one unit of work; where a provider is asked, in one before
//! and one after it.

mod callbacks;
mod charging;
mod checkout;
mod contract;
mod opening;
mod overdue;
mod paying;
mod reading;
mod reconciling;
mod refunding;
mod returning;
mod settling;
mod staff;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use kit_db::{StoreError, Tx};
use kit_runtime::{Tasks, Timestamp};
use kit_service::{Failure, Units};
use payments_api::{LedgerTransactionId, PaymentsRefusal};
use tokio::sync::Notify;

use crate::domain::{Limit, Origins, Posting, ReconciliationRules};
use crate::provider::Provider;
use crate::store;

pub(crate) use callbacks::CallbackSender;
pub(crate) use charging::PayAnswer;
pub(crate) use reconciling::ReconciliationMetrics;
use settling::record;

const PAYMENT: &str = "Payment";

const PROCESSING: PaymentsFailure = Failure::Refused(PaymentsRefusal::PaymentProcessing);

/// Why a use case did not do what was asked.
pub(crate) type PaymentsFailure = Failure<PaymentsRefusal>;

/// What holds for payments of orders.
#[derive(Clone, Debug)]
pub(crate) struct PaymentRules {
    /// How often a payment may be declined.
    pub most_declines: i64,
    /// How long a provider is waited for.
    pub provider_timeout: Duration,
    /// How often, and of how long a time, the provider's list is compared.
    pub reconciliation: ReconciliationRules,
    /// Where payers may be sent after a checkout.
    pub origins: Arc<Origins>,
}

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct PaymentsService {
    units: Units,
    limit: Limit,
    rules: PaymentRules,
    provider: Provider,
    tasks: Tasks,
    metrics: ReconciliationMetrics,
    callbacks: Arc<CallbackSender>,
    /// Says that there is something to be asked of a provider.
    wake: Arc<Notify>,
}

impl PaymentsService {
    pub(crate) fn new(
        units: Units,
        tasks: Tasks,
        provider: Provider,
        (limit, rules): (Limit, PaymentRules),
        (metrics, callbacks): (ReconciliationMetrics, CallbackSender),
    ) -> Self {
        Self {
            units,
            limit,
            rules,
            provider,
            tasks,
            metrics,
            callbacks: Arc::new(callbacks),
            wake: Arc::default(),
        }
    }

    /// There is something to be asked of a provider, or to be said.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// What says that there is something to be asked of a provider.
    pub(crate) fn waker(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// Whether a provider is the one that is configured. What another one has to do with is left until it is again.
    fn is_provider(&self, name: &str) -> bool {
        let is_configured = name == self.provider.name();
        if !is_configured {
            tracing::warn!(
                provider = name,
                "something waits for a provider that is not configured"
            );
        }
        is_configured
    }

    /// Does something to its end, whether the caller waits for it or goes away.
    async fn detached<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, PaymentsFailure>> + Send + 'static,
    ) -> Result<T, PaymentsFailure> {
        self.tasks
            .run_to_end(name, work)
            .await
            .map_err(Failure::internal)?
    }
}

/// Posts, where there is something, to accounts that are made where there are none.
async fn post(
    tx: &mut Tx,
    id: LedgerTransactionId,
    posting: Option<Posting>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(posting) = posting else { return Ok(()) };
    for account in posting.accounts() {
        store::open_account(tx, account).await?;
    }
    store::post(tx, id, &posting, at).await
}
