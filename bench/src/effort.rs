//! How long and how often to measure.

use std::time::Duration;

/// Bounds of everything that is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How often each thing is measured; the median counts.
    pub repeats: usize,
    /// How long one measurement takes.
    pub span: Duration,
    /// How long the same load runs before it, unmeasured.
    pub warm_up: Duration,
    /// Requests counted by callgrind.
    pub instructed: u64,
    /// Requests counted by strace.
    pub traced: u64,
    /// Events that wait to be drained.
    pub backlog: u32,
}

impl Effort {
    /// For figures to keep.
    pub(crate) const FULL: Self = Self {
        repeats: 5,
        span: Duration::from_secs(2),
        warm_up: Duration::from_millis(500),
        instructed: 1000,
        traced: 4000,
        backlog: 10_000,
    };

    /// To see that it works.
    pub(crate) const QUICK: Self = Self {
        repeats: 3,
        span: Duration::from_millis(500),
        warm_up: Duration::from_millis(100),
        instructed: 200,
        traced: 500,
        backlog: 2000,
    };
}
