//! `GET /orders/{id}/events`: an order's timeline, from its beginning or from after `Last-Event-ID`, and then as it goes
//! on.
//!
//! It ends once the order is over and no money is on its way back, when the process stops, and within a second once its token is not good any more.
//! Whoever comes again after the last event of an order that is over is told not to (204).

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use kit_http::extract::Path;
use kit_http::{StreamGuard, event_stream};
use kit_service::{Call, Follower};
use orders_api::{OrderId, TimelineItem};

use crate::domain::Viewer;
use crate::service::{OrdersFailure, OrdersService, StreamOwner};

/// How much is read at once.
const PAGE: i64 = 100;

pub(super) async fn stream_order_events(
    State(orders): State<OrdersService>,
    call: Call<Viewer>,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    guard: StreamGuard,
) -> Result<Response, OrdersFailure> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut reader = StreamReader {
        last: last.unwrap_or(0),
        ready: VecDeque::new(),
        is_over: false,
        is_behind: false,
        // Before the first look, so that nothing is missed between the two.
        follower: orders.follow(&call, id)?,
        orders,
        call,
        guard,
    };
    reader.look().await?;
    if reader.is_over && reader.ready.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = futures::stream::unfold(reader, |mut reader| async {
        let item = reader.next().await?;
        Some((Ok::<_, Infallible>(event(&item)), reader))
    });
    Ok(event_stream(events))
}

struct StreamReader {
    /// The version that was sent last.
    last: i64,
    ready: VecDeque<TimelineItem>,
    /// Nothing more will come than what is ready.
    is_over: bool,
    /// There is more to read than what is ready.
    is_behind: bool,
    follower: Follower<OrderId, StreamOwner>,
    orders: OrdersService,
    call: Call<Viewer>,
    guard: StreamGuard,
}

impl StreamReader {
    /// Reads what has happened since.
    async fn look(&mut self) -> Result<(), OrdersFailure> {
        let found = self
            .orders
            .timeline_after(&self.call, *self.follower.key(), (self.last, PAGE))
            .await?;
        let newest = found.items.last().map_or(self.last, |item| item.version);
        self.is_behind = newest < found.newest;
        self.is_over = found.is_over && !self.is_behind;
        self.ready.extend(found.items);
        Ok(())
    }

    /// [`Self::look`]; nothing where that fails, which ends the stream.
    async fn refresh(&mut self) -> Option<()> {
        let looked = self.look().await;
        looked
            .inspect_err(|failure| tracing::warn!(order_id = %self.follower.key(), %failure, "a stream of an order ends"))
            .ok()
    }

    /// The next that happened; nothing once the stream ends.
    async fn next(&mut self) -> Option<TimelineItem> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                self.last = item.version;
                return self.guard.is_open().then_some(item);
            }
            if self.is_over {
                return None;
            }
            if !self.is_behind {
                self.guard.next(self.follower.changed()).await?;
            }
            self.refresh().await?;
        }
    }
}

fn event(item: &TimelineItem) -> Event {
    let event = Event::default()
        .id(item.version.to_string())
        .event(item.status.as_str());
    // A timeline is always JSON.
    event.json_data(item).unwrap_or_default()
}
