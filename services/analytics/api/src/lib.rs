//! What others may know of analytics: its public routes and the types that go through them. No service calls
//! it, so it has no contract beyond them.

mod behaviour;
mod routes;
mod stats;

pub use behaviour::{
    AnonymousId, Funnel, FunnelStep, ProductStats, RankBy, RankQuery, SpanQuery, TopProducts, Track, Tracked,
    TrackedEvent, TrackedKind,
};
pub use routes::{EVENTS_PER_BATCH, routes};
pub use stats::{Health, Interval, Metric, Point, PointValue, Stats, TimeSeries, TimeSeriesQuery, UserStats};
