//! Putting the service together: everything that can fail, before anything runs.

use anyhow::bail;
use kit_config::Span;
use kit_service::{Followers, Home, Hosted, Peers, Service, start_steps};
use orders_api::OrdersClient;

use crate::config::OrdersConfig;
use crate::consumers;
use crate::http::{HttpState, router};
use crate::live;
use crate::service::{OrdersDeps, OrdersService};
use crate::store::{FACTS, INVARIANTS};

/// Orders, for the process that hosts it.
pub fn service() -> Service {
    Service::new("orders", "orders, from the stock to the customer", build)
        .serving(orders_api::routes())
        .publishing(orders_api::TOPICS, orders_api::events)
        .keeping(kit_db::migrations!["0001_orders.sql", "0002_guests.sql"])
        .verified_by(INVARIANTS, FACTS)
}

/// Builds it.
pub async fn build(config: OrdersConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<OrdersClient>> {
    check_reservations(&config, &home)?;
    let followers = Followers::new(config.streams, config.streams_per_user);
    let service = OrdersService::new(OrdersDeps {
        units: home.units()?,
        ids: home.ids.clone(),
        catalog: peers.client()?,
        cart: peers.client()?,
        payments: peers.client()?,
        times: config.times(),
        most_unpaid: config.most_unpaid,
        guest_limits: config.guest_limits(),
        followers: followers.clone(),
    });
    let bus = home.bus()?;
    consumers::start(&bus, &service)?;
    live::start(&bus, &followers)?;
    start_steps(&home.tasks, "orders.saga", config.poll.into(), &service);
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

/// What is held for an order must be held for as long as it can be paid; that is catalog's to say, where it is known here.
fn check_reservations(config: &OrdersConfig, home: &Home) -> anyhow::Result<()> {
    let held: Option<Span> = home.config.value("catalog.reservation_time_to_live")?;
    let times = config.times();
    if held.is_some_and(|held| times.payment + times.grace >= held.into()) {
        bail!(
            "`orders.payment_time_to_live` and `orders.payment_grace` together must be less than \
             `catalog.reservation_time_to_live`"
        );
    }
    Ok(())
}
