//! Putting the service together: everything that can fail, before anything runs.

use kit_service::{Home, Hosted, Peers, Service};
use users_api::UsersClient;

use crate::config::UsersConfig;
use crate::consumers;
use crate::http::router;
use crate::reads::Profiles;
use crate::service::UsersService;

/// Users, for the process that hosts it.
pub fn service() -> Service {
    Service::new("users", "profiles of users", build)
        .serving(users_api::routes())
        .publishing(users_api::TOPICS, users_api::events)
        .keeping(kit_db::migrations![
            "0001_profiles.sql",
            "0002_disabled_accounts.sql"
        ])
}

/// Builds it.
pub async fn build(_: UsersConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<UsersClient>> {
    let profiles = Profiles::new(home.db()?, home.redis.clone(), home.cache());
    profiles.subscribe(&home.bus()?)?;
    consumers::start(&home.bus()?, &profiles)?;
    let service = UsersService::new(home.units()?, profiles, peers.client()?);
    Ok(Hosted::new(
        UsersClient::local(service.clone()),
        router(service.clone(), home.guard())?,
        UsersClient::router(service, home.internal_keys.clone()),
    ))
}
