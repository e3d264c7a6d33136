//! `GET /stats/stream`: the counts, at once and whenever they change.
//!
//! It tells a state and not a history, so a client that comes again misses nothing: the first event is how
//! things are now. The stream ends when the process stops, and within a second once its token is not good any
//! more.

use std::convert::Infallible;
use std::time::Duration;

use analytics_api::Stats;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use http::HeaderMap;
use kit_http::Access;
use kit_runtime::Stop;
use kit_token::Verifier;

use crate::service::{AnalyticsFailure, AnalyticsService};
use crate::tasks::LiveSubscription;

/// Between two signs of life on a stream where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often the token is verified again.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

pub(super) async fn stream_stats(
    State(analytics): State<AnalyticsService>,
    State(verifier): State<Verifier>,
    State(stop): State<Stop>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, AnalyticsFailure> {
    let subscription = analytics.watch()?;
    // A stream on which nothing would ever come is refused at once.
    analytics.stats().await?;
    let watcher = Watcher {
        subscription,
        stop,
        verifier,
        headers,
    };
    let events = futures::stream::unfold(watcher, |mut watcher| async {
        let stats = watcher.next().await?;
        Some((Ok(event(&stats)), watcher))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

struct Watcher {
    subscription: LiveSubscription,
    stop: Stop,
    verifier: Verifier,
    /// With the token, as it came.
    headers: HeaderMap,
}

impl Watcher {
    /// The next counts; nothing once the stream ends.
    async fn next(&mut self) -> Option<Stats> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.requested() => return None,
                stats = self.subscription.next() => return self.is_authorized().then_some(stats),
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
            }
            if !self.is_authorized() {
                return None;
            }
        }
    }

    fn is_authorized(&self) -> bool {
        Access::Staff.admit(&self.verifier, &self.headers).is_ok()
    }
}

fn event(stats: &Stats) -> Event {
    let event = Event::default().event("stats");
    // Counts are always JSON.
    event.json_data(stats).unwrap_or_default()
}
