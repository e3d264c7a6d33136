//! `GET /orders/{id}/events`: an order's timeline, from its beginning or from after `Last-Event-ID`, and then as it goes
//! on.
//!
//! It ends once the order is over, when the process stops, and within a second once its token is not good any more.
//! Whoever comes again after the last event of an order that is over is told not to (204).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use http::{HeaderMap, StatusCode};
use kit_http::Access;
use kit_http::extract::Path;
use kit_runtime::Stop;
use kit_service::Call;
use kit_token::Verifier;
use orders_api::{OrderId, TimelineItem};

use super::HttpState;
use crate::domain::is_final;
use crate::service::{OrdersFailure, OrdersService};
use crate::watchers::Watcher;

/// Between two signs of life on a stream where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often the token is verified again.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// How much is read at once.
const PAGE: i64 = 100;

pub(super) async fn stream_order_events(
    State(state): State<HttpState>,
    call: Call,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> Result<Response, OrdersFailure> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut follower = Follower {
        last: last.unwrap_or(0),
        ready: VecDeque::new(),
        is_over: false,
        is_behind: false,
        // Before the first look, so that nothing is missed between the two.
        watcher: state.service.watch(&call, id)?,
        orders: state.service,
        call,
        id,
        verifier: state.verifier,
        stop: state.stop,
        headers,
    };
    follower.look().await?;
    if follower.is_over && follower.ready.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = futures::stream::unfold(follower, |mut follower| async {
        let item = follower.next().await?;
        Some((Ok::<_, Infallible>(event(&item)), follower))
    });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response())
}

struct Follower {
    /// The version that was sent last.
    last: i64,
    ready: VecDeque<TimelineItem>,
    /// Nothing more will come than what is ready.
    is_over: bool,
    /// There is more to read than what is ready.
    is_behind: bool,
    watcher: Watcher,
    orders: OrdersService,
    call: Call,
    id: OrderId,
    verifier: Verifier,
    stop: Stop,
    /// With the token, as it came.
    headers: HeaderMap,
}

impl Follower {
    /// Reads what has happened since.
    async fn look(&mut self) -> Result<(), OrdersFailure> {
        let (order, items) = self
            .orders
            .timeline_after(&self.call, self.id, (self.last, PAGE))
            .await?;
        let newest = items.last().map_or(self.last, |item| item.version);
        self.is_behind = newest < order.version;
        self.is_over = is_final(order.status) && !self.is_behind;
        self.ready.extend(items);
        Ok(())
    }

    /// [`Self::look`]; nothing where that fails, which ends the stream.
    async fn refresh(&mut self) -> Option<()> {
        let looked = self.look().await;
        looked
            .inspect_err(|failure| tracing::warn!(order_id = %self.id, %failure, "a stream of an order ends"))
            .ok()
    }

    /// The next that happened; nothing once the stream ends.
    async fn next(&mut self) -> Option<TimelineItem> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                self.last = item.version;
                return self.is_authorized().then_some(item);
            }
            if self.is_over {
                return None;
            }
            if self.is_behind {
                self.refresh().await?;
                continue;
            }
            tokio::select! {
                biased;
                () = self.stop.requested() => return None,
                () = self.watcher.changed() => self.refresh().await?,
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
            }
            if !self.is_authorized() {
                return None;
            }
        }
    }

    fn is_authorized(&self) -> bool {
        Access::Own.admit(&self.verifier, &self.headers).is_ok()
    }
}

fn event(item: &TimelineItem) -> Event {
    let event = Event::default()
        .id(item.version.to_string())
        .event(item.status.as_str());
    // A timeline is always JSON.
    event.json_data(item).unwrap_or_default()
}
