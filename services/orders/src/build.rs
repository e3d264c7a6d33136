//! Putting the service together: everything that can fail, before anything runs.

use kit_service::{Home, Hosted, Peers, Service};
use orders_api::OrdersClient;

use crate::config::OrdersConfig;
use crate::consumers;
use crate::http::{HttpState, router};
use crate::invariants::{FACTS, INVARIANTS};
use crate::service::{OrdersDeps, OrdersService};
use crate::watchers::Watchers;
use crate::worker;

/// Orders, for the process that hosts it.
pub fn service() -> Service {
    Service::new("orders", "orders, from the stock to the customer", build)
        .serving(orders_api::routes())
        .publishing(orders_api::TOPICS, orders_api::events)
        .keeping(kit_db::migrations!["0001_orders.sql"])
        .verified_by(INVARIANTS, FACTS)
}

/// Builds it.
pub async fn build(config: OrdersConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<OrdersClient>> {
    let watchers = Watchers::new(config.streams, config.streams_per_user);
    let service = OrdersService::new(OrdersDeps {
        units: home.units()?,
        ids: home.ids.clone(),
        catalog: peers.client()?,
        cart: peers.client()?,
        payments: peers.client()?,
        times: config.times(),
        watchers: watchers.clone(),
    });
    let bus = home.bus()?;
    consumers::start(&bus, &service)?;
    watchers.subscribe(&bus)?;
    worker::start(&home.tasks, &service, config.poll.into());
    let state = HttpState {
        service: service.clone(),
        verifier: home.verifier.clone(),
        stop: home.tasks.stop(),
    };
    Ok(Hosted::new(
        OrdersClient::local(service.clone()),
        router(state, home.guard())?,
        OrdersClient::router(service, home.internal_keys.clone()),
    ))
}
