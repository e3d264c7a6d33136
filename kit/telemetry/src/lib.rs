//! What a running process tells about itself: structured logs on stderr, and metrics that Prometheus
//! scrapes.
//!
//! Metrics hang on a [`Metrics`] value that is handed to whoever measures, never on a global, so that two
//! nodes in one test process count apart. Logs are the one ambient thing, because `tracing` is: a process
//! has one stderr.

mod logs;
mod metrics;
mod trace;

pub use logs::{LogFormat, LogSettings, TelemetryError, init_logs};
pub use metrics::{Metrics, latency_buckets};
pub use trace::TraceParent;
