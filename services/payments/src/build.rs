//! Putting the service together: everything that can fail, before anything runs.

use kit_service::{Home, Hosted, Peers, Service};
use payments_api::PaymentsClient;

use crate::config::PaymentsConfig;
use crate::domain::Limit;
use crate::http::router;
use crate::service::PaymentsService;

/// Payments, for the process that hosts it.
pub fn service() -> Service {
    Service::new("payments", "transactions and the ledger", build)
        .serving(payments_api::routes())
        .publishing(payments_api::TOPICS, payments_api::events)
        .keeping(kit_db::migrations!["0001_transactions.sql", "0002_ledger.sql"])
}

/// Builds it.
pub async fn build(config: PaymentsConfig, home: Home, _: Peers) -> anyhow::Result<Hosted<PaymentsClient>> {
    let limit = Limit {
        most: config.transaction_limit,
        counts: config.limit_counts,
    };
    let service = PaymentsService::new(home.units()?, limit);
    Ok(Hosted::new(
        PaymentsClient::local(service.clone()),
        router(service.clone(), home.guard())?,
        PaymentsClient::router(service, home.internal_keys.clone()),
    ))
}
