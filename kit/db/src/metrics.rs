//! What is measured about units of work.

use kit_telemetry::{Metrics, latency_buckets};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

type Label = (&'static str, &'static str);

/// The databases' metrics of a node; made once, and given to each of its databases.
#[derive(Clone, Debug)]
pub struct DbMetrics {
    units: Family<[Label; 2], Counter>,
    seconds: Family<[Label; 1], Histogram>,
    groups: Family<[Label; 1], Histogram>,
}

impl DbMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let seconds =
            Family::new_with_constructor((|| Histogram::new(latency_buckets())) as fn() -> Histogram);
        let groups = Family::new_with_constructor(
            (|| Histogram::new(exponential_buckets(1.0, 2.0, 9))) as fn() -> Histogram,
        );
        Self {
            units: metrics.register("db_units", "Units of work by how they ended", Family::default()),
            seconds: metrics.register(
                "db_unit_seconds",
                "From the wish to write to the answer, waiting included",
                seconds,
            ),
            groups: metrics.register("db_group_units", "Units committed together", groups),
        }
    }

    pub(crate) fn unit(&self, service: &'static str, outcome: &'static str, seconds: f64) {
        self.units
            .get_or_create(&[("service", service), ("outcome", outcome)])
            .inc();
        self.seconds
            .get_or_create(&[("service", service)])
            .observe(seconds);
    }

    pub(crate) fn group(&self, service: &'static str, units: usize) {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        self.groups
            .get_or_create(&[("service", service)])
            .observe(f64::from(units));
    }
}
