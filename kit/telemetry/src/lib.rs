//! What a running process tells about itself: structured logs on stderr, metrics that Prometheus scrapes, and
//! spans of traces for whoever exports them.
//!
//! Metrics hang on a [`Metrics`] value that is handed to whoever measures, never on a global, so that two
//! nodes in one test process count apart; so do spans on a [`Tracer`]. Logs are the one ambient thing, because
//! `tracing` is: a process has one stderr.

mod logs;
mod metrics;
mod span;
mod trace;
mod tracer;

pub use logs::{LogFormat, LogSettings, TelemetryError, init_logs};
pub use metrics::{Metrics, latency_buckets};
pub use span::{Recording, Span, SpanData, SpanKind, SpanValue};
pub use trace::TraceParent;
pub use tracer::{SpanCounts, SpanOutcome, SpanQueue, Tracer, TracerSettings};
