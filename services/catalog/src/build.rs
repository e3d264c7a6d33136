//! Putting the service together: everything that can fail, before anything runs.

use catalog_api::CatalogClient;
use kit_service::{Home, Hosted, Peers, Service};

use crate::command::command;
use crate::config::CatalogConfig;
use crate::consumers;
use crate::http::router;
use crate::pictures::Pictures;
use crate::reads::{KeepingLimits, Reads};
use crate::service::CatalogService;
use crate::store::{FACTS, INVARIANTS};
use crate::sweeper;

/// Catalog, for the process that hosts it.
pub fn service() -> Service {
    Service::new("catalog", "products, categories and stock", build)
        .serving(catalog_api::routes())
        .publishing(catalog_api::TOPICS, catalog_api::events)
        .keeping(kit_db::migrations![
            "0001_products.sql",
            "0002_stock.sql",
            "0003_reservations.sql",
            "0004_images.sql"
        ])
        .verified_by(INVARIANTS, FACTS)
        .commanding(command())
}

/// Builds it.
pub async fn build(config: CatalogConfig, home: Home, _: Peers) -> anyhow::Result<Hosted<CatalogClient>> {
    let pictures = Pictures::open(&config.picture_store(&home.data)?, home.tasks.clone())?;
    let time_to_live = config.reservation_time_to_live.into();
    let limits = KeepingLimits {
        products: config.cached_products,
        bytes: config.cached_bytes.as_usize(),
    };
    let reads = Reads::new(home.db()?, home.redis.clone(), &home.cache(), limits);
    reads.subscribe(&home.bus()?)?;
    let service = CatalogService::new(home.units()?, pictures, reads, time_to_live);
    consumers::start(&home.bus()?, &service)?;
    sweeper::start(&home.tasks, &service, config.reservation_sweep.into());
    Ok(Hosted::new(
        CatalogClient::local(service.clone()),
        router(service.clone(), home.guard())?,
        CatalogClient::router(service, home.internal_keys.clone()),
    ))
}
