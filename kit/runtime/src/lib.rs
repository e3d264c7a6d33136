//! What every process stands on: when it lives and dies, what runs in it, what time it is, and what
//! things are called.
//!
//! Nothing here is ambient. A component that needs the time takes a [`Clock`], one that makes identifiers
//! takes [`Ids`], one that runs in the background takes [`Tasks`]; so a test hands in its own, and a
//! signature tells what a component can do. The ambient counterparts (`SystemTime::now`, `tokio::spawn`,
//! random UUIDs) are disallowed by lint everywhere but in this crate.

mod backoff;
mod clock;
mod ids;
mod lifecycle;
mod readiness;
mod secret;
mod splitmix;
mod tasks;
mod worker_pool;

pub use backoff::Backoff;
pub use clock::{Clock, FakeClock, TimeSource, Timestamp};
pub use ids::Ids;
pub use lifecycle::{Lifecycle, Shutdown, ShutdownLimits};
pub use readiness::{CheckReport, Readiness, ReadinessGate, ReadinessReport};
pub use secret::Secret;
pub use splitmix::SplitMix64;
pub use tasks::{CutOff, Stop, TaskError, TaskScope, Tasks, panic_text};
pub use worker_pool::{Busy, WorkerPool};
