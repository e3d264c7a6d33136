//! Whether brokers do their work, seen by doing it: something is published and consumed again, now and then.
//!
//! It is measured and logged, and decides nothing. A process whose broker is away still takes everything in, since
//! its outbox keeps what it says, so this is no question of readiness.

use std::time::Duration;

use kit_runtime::{Stop, Tasks};
use kit_telemetry::Metrics;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::carrier::{Broker, Carriers};

/// From the end of one check to the next.
const PAUSE: Duration = Duration::from_secs(15);

/// A check that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(10);

type ByBroker = Family<[(&'static str, &'static str); 1], Gauge>;

/// Begins to check each broker, and shows the outcome as `bus_broker_up`: 1 for one that does its work.
pub fn watch_brokers(carriers: &Carriers, tasks: &Tasks, metrics: &Metrics) {
    let brokers = carriers.brokers();
    if brokers.is_empty() {
        return;
    }
    let up: ByBroker = metrics.register(
        "bus_broker_up",
        "Whether something could be published to the broker and consumed again",
        Family::default(),
    );
    for broker in brokers {
        let (broker, up, stop) = (broker.clone(), up.clone(), tasks.stop());
        tasks.spawn(
            "bus-broker-health",
            async move { watch(&broker, &up, &stop).await },
        );
    }
}

async fn watch(broker: &Broker, up: &ByBroker, stop: &Stop) {
    let mut was_up = true;
    loop {
        let checked = tokio::select! {
            () = stop.requested() => return,
            checked = broker.check_within(LIMIT) => checked,
        };
        let is_up = checked.is_ok();
        up.get_or_create(&[("broker", broker.name())]).set(is_up.into());
        match checked {
            Err(reason) if was_up => {
                tracing::warn!(broker = broker.name(), %reason, "the broker does not do its work");
            }
            Ok(()) if !was_up => tracing::info!(broker = broker.name(), "the broker does its work again"),
            _ => {}
        }
        was_up = is_up;
        if !stop.sleep(PAUSE).await {
            return;
        }
    }
}
