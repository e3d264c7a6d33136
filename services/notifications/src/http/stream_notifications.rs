//! `GET /notifications/stream`: what is new to the caller, as it comes.
//!
//! The identifier of an event is the notification's number among those of its user. A client that comes again says
//! which it saw last (`Last-Event-ID`) and gets what it missed, as far as it is kept; one that says nothing gets
//! what is new from now on. The stream ends when the process stops, and within a second once its caller's session
//! or token is not good any more.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use http::HeaderMap;
use kit_http::{StreamGuard, event_stream};
use kit_service::{Call, Failure, Follower};
use kit_token::UserId;
use notifications_api::NotificationView;

use crate::domain::Notification;
use crate::service::{NotificationsFailure, NotificationsService};

/// Between two looks while the database does not answer.
const RETRY: Duration = Duration::from_millis(500);

pub(super) async fn stream_notifications(
    State(notifications): State<NotificationsService>,
    call: Call,
    headers: HeaderMap,
    guard: StreamGuard,
) -> Result<Response, NotificationsFailure> {
    let user_id = call.actor.user_id;
    let follower = notifications.follow(user_id)?;
    let after = match last_seen(&headers)? {
        Some(seen) => seen,
        None => notifications.last_number(user_id).await?,
    };
    let reader = StreamReader {
        notifications,
        follower,
        after,
        read: VecDeque::new(),
        guard,
    };
    let events = futures::stream::unfold(reader, |mut reader| async {
        let notification = reader.next().await?;
        Some((Ok::<_, Infallible>(event(notification)), reader))
    });
    Ok(event_stream(events))
}

/// The number that the client saw last, where it says one.
fn last_seen(headers: &HeaderMap) -> Result<Option<i64>, NotificationsFailure> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    match number {
        Some(number) if number >= 0 => Ok(Some(number)),
        _ => Err(Failure::InvalidQuery(
            "`Last-Event-ID` is not one of this stream".into(),
        )),
    }
}

struct StreamReader {
    notifications: NotificationsService,
    follower: Follower<UserId>,
    /// The number of the last notification that was read.
    after: i64,
    /// What was read and not sent yet.
    read: VecDeque<Notification>,
    guard: StreamGuard,
}

impl StreamReader {
    /// The next notification; nothing once the stream ends.
    async fn next(&mut self) -> Option<Notification> {
        while self.guard.is_open() {
            if let Some(next) = self.read.pop_front() {
                return Some(next);
            }
            match self
                .notifications
                .list_after(*self.follower.key(), self.after)
                .await
            {
                Ok(found) if found.is_empty() => self.guard.next(self.follower.changed()).await?,
                Ok(found) => {
                    self.after = found.last().map_or(self.after, |last| last.number);
                    self.read.extend(found);
                }
                Err(error) => {
                    tracing::warn!(%error, "a stream of notifications sees nothing");
                    self.guard.next(tokio::time::sleep(RETRY)).await?;
                }
            }
        }
        None
    }
}

fn event(notification: Notification) -> Event {
    let event = Event::default()
        .id(notification.number.to_string())
        .event("notification");
    // A notification is always JSON.
    event
        .json_data(NotificationView::from(notification))
        .unwrap_or_default()
}
