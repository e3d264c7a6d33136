//! What others may know of analytics: its public routes and the types that go through them. No service calls
//! it, so it has no contract beyond them.

mod behaviour;
mod orders;
mod refusal;
mod routes;
mod stats;

pub use behaviour::{
    AnonymousId, Funnel, FunnelStep, OrderFunnelStep, ProductStats, RankBy, RankQuery, SpanQuery,
    TopProducts, Track, Tracked, TrackedEvent, TrackedKind,
};
pub use orders::{CurrencyRevenue, OrderStats};
pub use refusal::AnalyticsRefusal;
pub use routes::{EVENTS_PER_BATCH, routes};
pub use stats::{Interval, Metric, Point, PointValue, Stats, TimeSeries, TimeSeriesQuery, UserStats};
