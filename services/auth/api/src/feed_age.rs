//! How old the last news of revocations is, as a metric.

use std::fmt;

use kit_telemetry::Metrics;
use kit_token::{FeedHealth, Verifier};
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Shows how old the last good answer of the feed is that a verifier follows, in seconds. There is nothing to
/// show where none is followed, nor before the first, when the process is not ready. It is looked at when
/// somebody reads the metrics, so that a feed that stands still shows.
pub fn measure_feed(verifier: &Verifier, metrics: &Metrics) {
    let help = "Age of the last good answer about revocations, in seconds";
    metrics.register("token_revocations_age_seconds", help, FeedAge(verifier.clone()));
}

#[derive(Clone)]
struct FeedAge(Verifier);

impl fmt::Debug for FeedAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.revocations().health())
    }
}

impl TypedMetric for FeedAge {
    const TYPE: MetricType = MetricType::Gauge;
}

impl EncodeMetric for FeedAge {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        match self.0.revocations().health() {
            FeedHealth::NotFollowed | FeedHealth::Waiting => Ok(()),
            FeedHealth::Fresh(age) | FeedHealth::Stale(age) => encoder.encode_gauge(&age.as_secs_f64()),
        }
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}
