//! What is measured about Redis.

use std::time::Duration;

use kit_telemetry::{Metrics, latency_buckets};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::error::Away;

type Label = (&'static str, &'static str);

/// The metrics of a process's way to Redis.
#[derive(Clone, Debug)]
pub struct RedisMetrics {
    calls: Family<[Label; 2], Counter>,
    seconds: Family<[Label; 1], Histogram>,
    connects: Family<[Label; 1], Counter>,
    breaker: Gauge,
}

impl RedisMetrics {
    /// Registers the metrics.
    pub fn new(metrics: &Metrics) -> Self {
        let seconds =
            Family::new_with_constructor((|| Histogram::new(latency_buckets())) as fn() -> Histogram);
        let made = Self {
            calls: metrics.register(
                "redis_calls",
                "Commands and scripts by how they ended",
                Family::default(),
            ),
            seconds: metrics.register(
                "redis_call_seconds",
                "How long those took that were sent",
                seconds,
            ),
            connects: metrics.register("redis_connects", "Attempts to connect", Family::default()),
            breaker: metrics.register(
                "redis_breaker_open",
                "1 while Redis is not asked, 0 while it is",
                Gauge::default(),
            ),
        };
        made.breaker.set(1);
        made
    }

    pub(crate) fn called(&self, call: &'static str, outcome: Result<(), &Away>, took: Duration) {
        let name = outcome.map_or_else(Away::outcome, |()| "answered");
        let labels = [("call", call), ("outcome", name)];
        self.calls.get_or_create(&labels).inc();
        if !matches!(outcome, Err(Away::NotAsked)) {
            let seconds = self.seconds.get_or_create(&[("call", call)]);
            seconds.observe(took.as_secs_f64());
        }
    }

    pub(crate) fn connected(&self) {
        self.connects.get_or_create(&[("outcome", "connected")]).inc();
        self.breaker.set(0);
    }

    pub(crate) fn not_connected(&self) {
        self.connects.get_or_create(&[("outcome", "failed")]).inc();
    }

    pub(crate) fn given_up(&self) {
        self.breaker.set(1);
    }
}
