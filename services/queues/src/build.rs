//! Putting the service together: everything that can fail, before anything runs.

use kit_adapter::{AdapterHost, HostDeps};
use kit_adapter_shop::provisioned;
use kit_db::Migrations;
use kit_rpc::pool::{Pool, PoolSettings};
use kit_service::{Fact, Home, Hosted, Peers, Service};

use crate::broker::{Access, Broker};
use crate::config::QueuesConfig;
use crate::http::router;
use crate::service::{QueuesDeps, QueuesService};

/// What subscriptions must agree on.
const FACTS: &[Fact] = &[provisioned("services provisioned by queues")];

/// Queues, for the process that hosts it.
pub fn service() -> Service {
    Service::new("queues", "message queues that users subscribe to", build)
        .serving(queues_api::routes())
        .keeping(Migrations::new(&[kit_adapter::TABLES, kit_adapter_shop::TABLES]))
        .verified_by(kit_adapter_shop::INVARIANTS, FACTS)
}

/// Builds it. No other service calls it by a contract: it is an adapter.
pub async fn build(config: QueuesConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<()>> {
    let deps = QueuesDeps {
        ids: home.ids.clone(),
        tasks: home.tasks.clone(),
        broker: broker(&config, &home)?,
        endpoint: config.public_url.clone(),
        subscriptions: peers.client()?,
    };
    let service = QueuesService::new(home.units()?, deps);
    let others = (config.adapter_username, config.adapter_password);
    let host_deps = HostDeps::at(&home, others, config.adapter_poll.into())?;
    let host = AdapterHost::new(service.clone(), host_deps);
    let routes = router(service, home.guard())?.merge(host.router());
    host.start();
    Ok(Hosted::without_contract(routes))
}

/// The broker, if there is one.
fn broker(config: &QueuesConfig, home: &Home) -> anyhow::Result<Broker> {
    let (Some(url), Some(username), Some(password)) = (
        &config.management_url,
        &config.management_username,
        &config.management_password,
    ) else {
        return Ok(Broker::none());
    };
    let server = Pool::new(PoolSettings::default(), home.tasks.clone()).upstream(url)?;
    Ok(Broker::at(server, url, &Access { username, password })?)
}
