//! `GET /stats/stream`: the counts, at once and whenever they change.
//!
//! It tells a state and not a history, so a client that comes again misses nothing: the first event is how
//! things are now. The stream ends when the process stops, and within a second once its token is not good any
//! more.

use std::convert::Infallible;

use analytics_api::Stats;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use kit_http::{StreamGuard, event_stream};

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn stream_stats(
    State(analytics): State<AnalyticsService>,
    guard: StreamGuard,
) -> Result<Response, AnalyticsFailure> {
    let subscription = analytics.watch()?;
    // A stream on which nothing would ever come is refused at once.
    analytics.stats().await?;
    let follower = (subscription, guard);
    let events = futures::stream::unfold(follower, |(mut subscription, guard)| async {
        let stats = guard.next(subscription.next()).await?;
        Some((Ok::<_, Infallible>(event(&stats)), (subscription, guard)))
    });
    Ok(event_stream(events))
}

fn event(stats: &Stats) -> Event {
    let event = Event::default().event("stats");
    // Counts are always JSON.
    event.json_data(stats).unwrap_or_default()
}
