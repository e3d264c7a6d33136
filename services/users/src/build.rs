//! Putting the service together: everything that can fail, before anything runs.

use auth_api::AuthClient;
use kit_bus::{Bus, BusError};
use kit_db::{Db, Migrations};
use kit_http::{Guard, HandlersError};
use kit_rpc::{Hosted, InternalKeys};
use kit_runtime::{Clock, Readiness};
use kit_token::Verifier;
use thiserror::Error;
use users_api::UsersClient;

use crate::hearing;
use crate::http::router;
use crate::service::UsersService;

/// What users needs from its process.
pub struct Deps {
    /// Its database.
    pub db: Db,
    /// Where it hears of accounts.
    pub bus: Bus,
    /// Auth, here or elsewhere.
    pub auth: AuthClient,
    /// Verifies tokens on users' own routes.
    pub verifier: Verifier,
    /// Who may call the contract's routes.
    pub internal_keys: InternalKeys,
    /// The time.
    pub clock: Clock,
    /// Where the service says that it works.
    pub readiness: Readiness,
}

/// Why users could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Routes and handlers do not agree.
    #[error(transparent)]
    Routes(#[from] HandlersError),
    /// Events cannot be heard.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Users' migrations.
pub fn migrations() -> Migrations {
    kit_db::migrations!["0001_profiles.sql", "0002_disabled_accounts.sql"]
}

/// Builds the service.
pub fn build(deps: Deps) -> Result<Hosted<UsersClient>, BuildError> {
    let db = deps.db.clone();
    deps.readiness.check("users.database", move || {
        let db = db.clone();
        async move { db.check().await }
    });
    hearing::start(&deps.bus)?;
    let service = UsersService::new(deps.db, deps.auth, deps.clock);
    let client = UsersClient::local(service.clone());
    let internal = UsersClient::router(service.clone(), deps.internal_keys);
    let routes = router(service, Guard::new(deps.verifier))?;
    Ok(Hosted {
        client,
        routes,
        internal,
    })
}
