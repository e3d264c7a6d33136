//! Where spans are made, and where they go until they are exported.
//!
//! Whether a trace is recorded is decided once, where it begins, and everybody after that keeps to it: the
//! sampled flag travels in `traceparent` with the request and with its events. Spans that have ended wait in a
//! bounded queue. Handing one over never waits: where the queue is full the span is dropped and counted, since
//! a request must not pay for what watches it.

use std::sync::Arc;

use kit_runtime::{Clock, Ids};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::sync::mpsc;

use crate::span::{Span, SpanData, SpanKind};
use crate::{Metrics, TraceParent};

/// The span of [`TraceParent::chance`].
const CERTAIN: u64 = 1 << 56;

/// How spans are made.
#[derive(Clone, Copy, Debug)]
pub struct TracerSettings {
    /// How many of the traces that begin here are recorded, from 0 to 1.
    pub ratio: f64,
    /// How many spans wait for their export at most.
    pub queue: usize,
}

/// Makes spans. A cheap handle; one that is off costs a look at it.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    ids: Ids,
    /// A trace is recorded whose chance is below it.
    threshold: u64,
    queue: mpsc::Sender<SpanData>,
    counts: SpanCounts,
}

/// The spans that have ended and wait for their export.
pub type SpanQueue = mpsc::Receiver<SpanData>;

/// Whether a span was exported, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpanOutcome {
    /// A collector has it.
    Exported,
    /// There were too many waiting, or the process was about to end.
    Dropped,
    /// A collector could not be reached for too long, or refused everything.
    Failed,
    /// A collector refused it among others.
    Rejected,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

impl SpanOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
        }
    }
}

/// Counts spans by what became of them. A cheap handle.
#[derive(Clone, Debug)]
pub struct SpanCounts(Family<Labels, Counter>);

impl SpanCounts {
    /// Counts into `metrics`.
    pub fn new(metrics: &Metrics) -> Self {
        let help = "Spans by what became of them";
        Self(metrics.register("trace_spans", help, Family::default()))
    }

    /// Counts spans by their outcome.
    pub fn add(&self, outcome: SpanOutcome, spans: u64) {
        let outcome = outcome.as_str();
        self.0.get_or_create(&Labels { outcome }).inc_by(spans);
    }
}

impl Tracer {
    /// A tracer that records no spans.
    pub const fn off() -> Self {
        Self(None)
    }

    /// Makes spans, and the queue from which they are exported.
    pub fn new(settings: TracerSettings, clock: Clock, ids: Ids, counts: SpanCounts) -> (Self, SpanQueue) {
        let (queue, waiting) = mpsc::channel(settings.queue.max(1));
        let tracer = Self(Some(Arc::new(Inner {
            clock,
            ids,
            threshold: threshold(settings.ratio),
            queue,
            counts,
        })));
        (tracer, waiting)
    }

    /// Whether the tracer records spans.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins a step of `service`, as part of the trace that came with the work, or of a new one.
    pub fn begin(&self, kind: SpanKind, service: Option<&'static str>, given: Option<TraceParent>) -> Span {
        let Some(inner) = &self.0 else {
            return Span::unrecorded(given);
        };
        let context = match given {
            Some(parent) if parent.is_sampled() => parent.at(inner.ids.random()),
            Some(_) => return Span::unrecorded(given),
            None => {
                let context = TraceParent::start(inner.ids.random());
                if context.chance() >= inner.threshold {
                    return Span::unrecorded(Some(context.unsampled()));
                }
                context
            }
        };
        let data = SpanData {
            context,
            parent: given,
            kind,
            service,
            name: name_of(kind).into(),
            began: inner.clock.now(),
            nanos: 0,
            attributes: Vec::with_capacity(8),
            failure: None,
        };
        Span::recorded(data, self.clone())
    }

    /// Begins a step as part of a trace; without one there is nothing to be part of, and no step.
    pub fn follow(&self, kind: SpanKind, service: Option<&'static str>, given: Option<TraceParent>) -> Span {
        match given {
            Some(_) => self.begin(kind, service, given),
            None => Span::default(),
        }
    }

    pub(crate) fn export(&self, span: SpanData) {
        if let Some(inner) = &self.0
            && inner.queue.try_send(span).is_err()
        {
            inner.counts.add(SpanOutcome::Dropped, 1);
        }
    }
}

const fn name_of(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Server => "serve",
        SpanKind::Client => "call",
        SpanKind::Producer => "send",
        SpanKind::Consumer => "process",
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a ratio is between 0 and 1, and the bound is a power of two"
)]
fn threshold(ratio: f64) -> u64 {
    (ratio.clamp(0.0, 1.0) * CERTAIN as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SpanValue;

    const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    fn tracer(ratio: f64, queue: usize) -> (Tracer, SpanQueue, Metrics) {
        let metrics = Metrics::new();
        let settings = TracerSettings { ratio, queue };
        let counts = SpanCounts::new(&metrics);
        let (tracer, waiting) = Tracer::new(settings, Clock::system(), Ids::system(), counts);
        (tracer, waiting, metrics)
    }

    fn server(tracer: &Tracer, given: Option<&str>) -> Span {
        let given = given.map(|text| text.parse().unwrap());
        tracer.begin(SpanKind::Server, Some("orders"), given)
    }

    #[test]
    fn a_step_belongs_to_the_trace_that_it_came_with() {
        let (tracer, mut waiting, _) = tracer(0.0, 8);
        let mut span = server(&tracer, Some(SAMPLED));
        let context = span.context().unwrap();
        span.record(|recording| {
            recording
                .name("POST /orders")
                .set("http.response.status_code", 201_u16);
        });
        let call = tracer.follow(SpanKind::Client, None, span.context());
        call.end();
        span.end();
        let (call, span) = (waiting.try_recv().unwrap(), waiting.try_recv().unwrap());
        assert_eq!(span.context, context);
        assert_eq!(
            span.parent.map(|parent| parent.to_string()).as_deref(),
            Some(SAMPLED)
        );
        assert_eq!(
            (span.name.as_ref(), span.service),
            ("POST /orders", Some("orders"))
        );
        assert_eq!(
            span.attributes,
            [("http.response.status_code", SpanValue::Number(201))]
        );
        assert_eq!(span.failure, None);
        assert_eq!(call.parent, Some(context));
        assert_eq!(call.context.trace_id(), context.trace_id());
        assert_ne!(call.context.span_id(), context.span_id());
    }

    #[test]
    fn what_is_not_sampled_before_us_is_not_recorded_and_passed_on_as_it_is() {
        let (tracer, mut waiting, _) = tracer(1.0, 8);
        let mut span = server(&tracer, Some(UNSAMPLED));
        span.record(|_| panic!("nobody listens"));
        assert_eq!(
            span.context().map(|context| context.to_string()).as_deref(),
            Some(UNSAMPLED)
        );
        assert!(span.tracer().is_none());
        span.end();
        assert!(waiting.try_recv().is_err());
    }

    #[test]
    fn as_many_traces_are_recorded_as_the_ratio_says() {
        let recorded = |ratio| {
            let (tracer, _waiting, _) = tracer(ratio, 2048);
            let spans = (0..2000).map(|_| server(&tracer, None));
            let mut recorded = 0;
            for span in spans {
                assert_eq!(
                    span.context().map(|context| context.is_sampled()),
                    Some(span.is_recorded())
                );
                recorded += u32::from(span.is_recorded());
            }
            recorded
        };
        assert_eq!(recorded(0.0), 0);
        assert_eq!(recorded(1.0), 2000);
        // Six standard deviations either way.
        assert!((380..620).contains(&recorded(0.25)));
    }

    #[test]
    fn without_a_trace_nothing_follows() {
        let (tracer, _waiting, _) = tracer(1.0, 8);
        let span = tracer.follow(SpanKind::Client, None, None);
        assert!(!span.is_recorded() && span.context().is_none());
    }

    #[test]
    fn a_tracer_that_is_off_passes_on_what_it_was_given() {
        let span = server(&Tracer::off(), Some(SAMPLED));
        assert!(!span.is_recorded());
        assert_eq!(
            span.context().map(|context| context.to_string()).as_deref(),
            Some(SAMPLED)
        );
    }

    #[test]
    fn more_than_the_queue_holds_is_dropped_and_counted() {
        let (tracer, waiting, metrics) = tracer(1.0, 2);
        for _ in 0..5 {
            server(&tracer, None).end();
        }
        assert!(
            metrics
                .encode()
                .contains("stoa_trace_spans_total{outcome=\"dropped\"} 3")
        );
        drop(waiting);
        server(&tracer, None).end();
        assert!(
            metrics
                .encode()
                .contains("stoa_trace_spans_total{outcome=\"dropped\"} 4")
        );
    }

    #[test]
    fn a_step_that_is_broken_off_says_so() {
        let (tracer, mut waiting, _) = tracer(1.0, 2);
        drop(server(&tracer, None));
        let span = waiting.try_recv().unwrap();
        assert_eq!(span.failure.as_deref(), Some("broken off"));
        assert_eq!(span.attributes, [("error.type", "cancelled".into())]);
        assert_eq!(span.parent, None);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let SpanValue::Text(text) = SpanValue::from(format!("x{}", "ä".repeat(1000))) else {
            panic!("a text");
        };
        assert_eq!(text.len(), 1023);
    }
}
