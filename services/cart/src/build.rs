//! Putting the service together: everything that can fail, before anything runs.

use cart_api::CartClient;
use kit_service::{Home, Hosted, Peers, Service};

use crate::config::CartConfig;
use crate::http::router;
use crate::service::CartService;
use crate::{consumers, sweeper};

/// Cart, for the process that hosts it.
pub fn service() -> Service {
    Service::new("cart", "carts of users and guests", build)
        .serving(cart_api::routes())
        .keeping(kit_db::migrations!["0001_carts.sql"])
}

/// Builds it.
pub async fn build(config: CartConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<CartClient>> {
    let service = CartService::new(
        home.units()?,
        home.ids.clone(),
        peers.client()?,
        config.currency.parse()?,
    );
    consumers::start(&home.bus()?)?;
    sweeper::start(&home.tasks, &service, &config);
    Ok(Hosted::new(
        CartClient::local(service.clone()),
        router(service.clone(), home.guard())?,
        CartClient::router(service, home.internal_keys.clone()),
    ))
}
