//! Putting the service together: everything that can fail, before anything runs.

use kit_db::{Db, Migrations};
use kit_http::{Guard, HandlersError};
use kit_rpc::{Hosted, InternalKeys};
use kit_runtime::{Clock, Ids, Readiness};
use kit_token::Verifier;
use payments_api::PaymentsClient;
use thiserror::Error;

use crate::config::PaymentsConfig;
use crate::domain::Limit;
use crate::http::router;
use crate::service::PaymentsService;

/// What payments needs from its process.
pub struct Deps {
    /// Its database.
    pub db: Db,
    /// Verifies tokens on payments' own routes.
    pub verifier: Verifier,
    /// Who may call the contract's routes.
    pub internal_keys: InternalKeys,
    /// The time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
    /// Where the service says that it works.
    pub readiness: Readiness,
}

/// Why payments could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Routes and handlers do not agree.
    #[error(transparent)]
    Routes(#[from] HandlersError),
}

/// Payments' migrations.
pub fn migrations() -> Migrations {
    kit_db::migrations!["0001_transactions.sql", "0002_ledger.sql"]
}

/// Builds the service.
pub fn build(config: &PaymentsConfig, deps: Deps) -> Result<Hosted<PaymentsClient>, BuildError> {
    let db = deps.db.clone();
    deps.readiness.check("payments.database", move || {
        let db = db.clone();
        async move { db.check().await }
    });
    let limit = Limit {
        most: config.transaction_limit,
        counts: config.limit_counts,
    };
    let service = PaymentsService::new(deps.db, limit, deps.clock, deps.ids);
    let client = PaymentsClient::local(service.clone());
    let internal = PaymentsClient::router(service.clone(), deps.internal_keys);
    let routes = router(service, deps.verifier.clone(), Guard::new(deps.verifier))?;
    Ok(Hosted {
        client,
        routes,
        internal,
    })
}
