//! Putting the service together: everything that can fail, before anything runs.

use std::sync::Arc;

use kit_service::{Home, Hosted, Peers, Service};

use crate::command::command;
use crate::config::AnalyticsConfig;
use crate::http::{Edge, router};
use crate::service::AnalyticsService;
use crate::store::{FACTS, INVARIANTS};
use crate::tasks::{self, GenerationSignals, Live, TaskDeps};

/// Analytics, for the process that hosts it.
pub fn service() -> Service {
    Service::new(
        "analytics",
        "statistics of transactions, of orders and of visitors",
        build,
    )
    .serving(analytics_api::routes())
    .keeping(kit_db::migrations![
        "0001_counts.sql",
        "0002_behaviour.sql",
        "0003_orders.sql"
    ])
    .verified_by(INVARIANTS, FACTS)
    .commanding(command())
}

/// Builds it. No other service calls it, so there is no client.
pub async fn build(config: AnalyticsConfig, home: Home, _: Peers) -> anyhow::Result<Hosted<()>> {
    let (signals, live) = (Arc::new(GenerationSignals::default()), Live::new(config.streams));
    let (db, bus) = (home.db()?, home.bus()?);
    tasks::begin_unretired(&db, &bus, &signals).await?;
    let task_deps = TaskDeps {
        db,
        bus,
        clock: home.clock.clone(),
        signals,
        live: live.clone(),
        behaviour_kept: config.behaviour_kept.into(),
    };
    tasks::start(&home.tasks, &task_deps);
    let edge = Edge {
        service: AnalyticsService::new(home.units()?, live),
        verifier: home.verifier.clone(),
        stop: home.tasks.stop(),
    };
    Ok(Hosted::without_contract(router(edge, home.guard())?))
}
