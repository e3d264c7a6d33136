//! Putting the service together: everything that can fail, before anything runs.

use auth_api::AuthClient;
use kit_bus::{Bus, BusError};
use kit_cache::CacheDeps;
use kit_db::{Db, Migrations};
use kit_http::{Guard, HandlersError};
use kit_redis::Redis;
use kit_rpc::{Hosted, InternalKeys};
use kit_runtime::{Clock, Readiness};
use kit_token::Verifier;
use thiserror::Error;
use users_api::UsersClient;

use crate::hearing;
use crate::http::router;
use crate::reads::Profiles;
use crate::service::UsersService;

/// What users needs from its process.
pub struct Deps {
    /// Its database.
    pub db: Db,
    /// Where it hears of accounts, and of what its other processes did.
    pub bus: Bus,
    /// Auth, here or elsewhere.
    pub auth: AuthClient,
    /// Verifies tokens on users' own routes.
    pub verifier: Verifier,
    /// Who may call the contract's routes.
    pub internal_keys: InternalKeys,
    /// The time.
    pub clock: Clock,
    /// For the profiles that are kept in memory.
    pub cache: CacheDeps,
    /// Where processes share what they have read, if anywhere.
    pub redis: Option<Redis>,
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
    let profiles = Profiles::new(deps.db.clone(), deps.redis, deps.cache);
    profiles.listen(&deps.bus)?;
    hearing::start(&deps.bus, &profiles)?;
    let service = UsersService::new(deps.db, profiles, deps.auth, deps.clock);
    let client = UsersClient::local(service.clone());
    let internal = UsersClient::router(service.clone(), deps.internal_keys);
    let routes = router(service, Guard::new(deps.verifier))?;
    Ok(Hosted {
        client,
        routes,
        internal,
    })
}
