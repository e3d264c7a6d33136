//! What is measured about events on their way.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use kit_telemetry::{Metrics, latency_buckets};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

type Label = (&'static str, Cow<'static, str>);
type Seconds = Gauge<f64, AtomicU64>;

/// The bus's metrics of a node; made once, and given to each of its buses.
#[derive(Clone, Debug)]
pub struct BusMetrics {
    events: Family<[Label; 3], Counter>,
    retries: Family<[Label; 2], Counter>,
    seconds: Family<[Label; 2], Histogram>,
    lag: Family<[Label; 2], Gauge>,
    age: Family<[Label; 2], Seconds>,
    parked: Family<[Label; 2], Gauge>,
    held: Family<[Label; 1], Seconds>,
    unconnected: Family<[Label; 1], Gauge>,
    relayed: Family<[Label; 3], Counter>,
    relay_lag: Family<[Label; 2], Gauge>,
    relay_age: Family<[Label; 2], Seconds>,
}

impl BusMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let seconds =
            Family::new_with_constructor((|| Histogram::new(latency_buckets())) as fn() -> Histogram);
        Self {
            events: metrics.register(
                "bus_events",
                "Events by what became of them at a delivery",
                Family::default(),
            ),
            retries: metrics.register(
                "bus_retries",
                "Attempts at events that had failed",
                Family::default(),
            ),
            seconds: metrics.register(
                "bus_event_to_effect_seconds",
                "From the publishing of an event to the commit of its effect",
                seconds,
            ),
            lag: metrics.register(
                "bus_lag_rows",
                "Rows of the log that the group's slowest partition here has not passed",
                Family::default(),
            ),
            age: metrics.register(
                "bus_oldest_event_seconds",
                "Age of the oldest event that is read and not done with",
                Family::default(),
            ),
            parked: metrics.register(
                "bus_parked_keys",
                "Keys whose events wait for another attempt or for somebody to decide",
                Family::default(),
            ),
            held: metrics.register(
                "bus_head_age_seconds",
                "How long an open transaction has kept the head of a source's log from being read",
                Family::default(),
            ),
            unconnected: metrics.register(
                "bus_unconnected_broadcasts",
                "Broadcasts of the service that hear nothing now, so that what is kept in memory is only as new as its age allows",
                Family::default(),
            ),
            relayed: metrics.register(
                "bus_relayed",
                "Events on their way to a broker by what became of them; a failure is one attempt's",
                Family::default(),
            ),
            relay_lag: metrics.register(
                "bus_relay_lag_rows",
                "Rows of the outbox that the topic's relay here has not passed, whatever their topic",
                Family::default(),
            ),
            relay_age: metrics.register(
                "bus_relay_oldest_event_seconds",
                "Age of the oldest event of the topic that the broker has not confirmed",
                Family::default(),
            ),
        }
    }
}

impl BusMetrics {
    pub(crate) fn unconnected(&self, service: &'static str, broadcasts: i64) {
        let labels = [("service", service.into())];
        self.unconnected.get_or_create(&labels).set(broadcasts);
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    /// There was nothing to do.
    Skipped,
    /// Put behind a parked one of its key.
    Parked,
    Failed,
    Dead,
    /// Tried again; counted beside the others.
    Retried,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Skipped => "skipped",
            Self::Parked => "parked",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Retried => "retried",
        }
    }
}

/// The metrics of one group and source.
#[derive(Clone, Debug)]
pub(crate) struct SubscriptionMetrics {
    metrics: Option<BusMetrics>,
    group: Cow<'static, str>,
    source: Cow<'static, str>,
}

/// How far a group is with a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) lag: i64,
    pub(crate) age: Duration,
    pub(crate) parked: usize,
}

impl SubscriptionMetrics {
    pub(crate) fn new(
        metrics: Option<BusMetrics>,
        group: Cow<'static, str>,
        source: Cow<'static, str>,
    ) -> Self {
        Self {
            metrics,
            group,
            source,
        }
    }

    pub(crate) fn count(&self, outcome: Outcome) {
        let Some(metrics) = &self.metrics else { return };
        if outcome == Outcome::Retried {
            metrics.retries.get_or_create(&self.labels()).inc();
            return;
        }
        let [group, source] = self.labels();
        metrics
            .events
            .get_or_create(&[group, source, ("outcome", outcome.name().into())])
            .inc();
    }

    pub(crate) fn took(&self, span: Duration) {
        if let Some(metrics) = &self.metrics {
            metrics
                .seconds
                .get_or_create(&self.labels())
                .observe(span.as_secs_f64());
        }
    }

    pub(crate) fn progress(&self, progress: Progress) {
        let Some(metrics) = &self.metrics else { return };
        let labels = self.labels();
        metrics.lag.get_or_create(&labels).set(progress.lag);
        metrics.age.get_or_create(&labels).set(progress.age.as_secs_f64());
        let parked = i64::try_from(progress.parked).unwrap_or(i64::MAX);
        metrics.parked.get_or_create(&labels).set(parked);
    }

    fn labels(&self) -> [Label; 2] {
        [("group", self.group.clone()), ("source", self.source.clone())]
    }
}

/// The metric of one source's head.
#[derive(Clone, Debug)]
pub(crate) struct HeadMetrics {
    pub(crate) metrics: Option<BusMetrics>,
    pub(crate) source: &'static str,
}

impl HeadMetrics {
    pub(crate) fn held(&self, span: Duration) {
        if let Some(metrics) = &self.metrics {
            metrics
                .held
                .get_or_create(&[("source", self.source.into())])
                .set(span.as_secs_f64());
        }
    }
}

/// The metrics of one topic's relay.
#[derive(Clone, Debug)]
pub(crate) struct RelayMetrics {
    metrics: Option<BusMetrics>,
    topic: &'static str,
    broker: &'static str,
}

impl RelayMetrics {
    pub(crate) fn new(metrics: Option<BusMetrics>, topic: &'static str, broker: &'static str) -> Self {
        Self {
            metrics,
            topic,
            broker,
        }
    }

    pub(crate) fn published(&self, events: usize) {
        self.count("published", u64::try_from(events).unwrap_or(u64::MAX));
    }

    pub(crate) fn publish_failed(&self) {
        self.count("failed", 1);
    }

    /// Nobody at the broker listens to them.
    pub(crate) fn unwanted(&self, events: usize) {
        self.count("unwanted", u64::try_from(events).unwrap_or(u64::MAX));
    }

    /// Sent to one group alone, from the log.
    pub(crate) fn resent(&self, events: usize) {
        self.count("resent", u64::try_from(events).unwrap_or(u64::MAX));
    }

    pub(crate) fn lag(&self, rows: i64) {
        if let Some(metrics) = &self.metrics {
            metrics.relay_lag.get_or_create(&self.labels()).set(rows);
        }
    }

    pub(crate) fn age(&self, age: Duration) {
        if let Some(metrics) = &self.metrics {
            let age = age.as_secs_f64();
            metrics.relay_age.get_or_create(&self.labels()).set(age);
        }
    }

    fn count(&self, outcome: &'static str, events: u64) {
        if let Some(metrics) = &self.metrics {
            let [topic, broker] = self.labels();
            let labels = [topic, broker, ("outcome", outcome.into())];
            metrics.relayed.get_or_create(&labels).inc_by(events);
        }
    }

    fn labels(&self) -> [Label; 2] {
        [("topic", self.topic.into()), ("broker", self.broker.into())]
    }
}
