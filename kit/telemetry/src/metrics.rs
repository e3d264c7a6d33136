//! The registry of a node's metrics.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::registry::{Metric, Registry};

/// A node's metrics; a cheap handle. Names carry the prefix `stoa_`.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Default for Metrics {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Registry::with_prefix("stoa"))))
    }
}

impl Metrics {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a metric and gives it back, so that its owner keeps a handle:
    /// `let hits = metrics.register("cache_hits", "Look-ups answered from memory", Counter::default())`.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .register(name, help, metric.clone());
        metric
    }

    /// Everything, in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing into a string fails only where a metric's own encoding does, which none of ours can.
        if prometheus_client::encoding::text::encode(&mut text, &registry).is_err() {
            tracing::error!("a metric could not be encoded");
        }
        text
    }
}

/// Bounds of latency histograms, in seconds: half a millisecond to eight seconds, doubling.
pub fn latency_buckets() -> impl Iterator<Item = f64> {
    prometheus_client::metrics::histogram::exponential_buckets(0.0005, 2.0, 15)
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn a_metric_is_seen_under_its_prefixed_name() {
        let metrics = Metrics::new();
        let count: Counter = metrics.register("things", "Things counted", Counter::default());
        count.inc();
        assert!(metrics.encode().contains("stoa_things_total 1"));
        assert!(
            !Metrics::new().encode().contains("stoa_things"),
            "another node counts apart"
        );
    }
}
