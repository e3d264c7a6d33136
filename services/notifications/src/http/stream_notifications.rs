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
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use kit_http::{Access, Customer};
use kit_runtime::Stop;
use kit_service::{Call, Failure};
use kit_token::Verifier;
use notifications_api::NotificationView;

use crate::domain::Notification;
use crate::live::LiveSubscription;
use crate::service::{NotificationsFailure, NotificationsService};

/// Between two signs of life on a stream where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often it is looked whether the caller may still read.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

pub(super) async fn stream_notifications(
    State(notifications): State<NotificationsService>,
    State(verifier): State<Verifier>,
    State(stop): State<Stop>,
    call: Call,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, NotificationsFailure> {
    let user_id = call.actor.user_id;
    let subscription = notifications.follow(user_id)?;
    let after = match last_seen(&headers)? {
        Some(seen) => seen,
        None => notifications.last_number(user_id).await?,
    };
    let reader = StreamReader {
        notifications,
        subscription,
        after,
        read: VecDeque::new(),
        gate: CallerCheck {
            caller: call.actor.clone(),
            verifier,
            headers,
        },
        stop,
    };
    let events = futures::stream::unfold(reader, |mut reader| async {
        let notification = reader.next().await?;
        Some((Ok(event(notification)), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
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
    subscription: LiveSubscription,
    /// The number of the last notification that was read.
    after: i64,
    /// What was read and not sent yet.
    read: VecDeque<Notification>,
    gate: CallerCheck,
    stop: Stop,
}

impl StreamReader {
    /// The next notification; nothing once the stream ends.
    async fn next(&mut self) -> Option<Notification> {
        loop {
            if self.stop.is_requested() || !self.gate.admits() {
                return None;
            }
            if let Some(next) = self.read.pop_front() {
                return Some(next);
            }
            let user_id = self.subscription.user_id();
            match self.notifications.list_after(user_id, self.after).await {
                Ok(found) if found.is_empty() => self.wait().await,
                Ok(found) => {
                    self.after = found.last().map_or(self.after, |last| last.number);
                    self.read.extend(found);
                }
                Err(error) => {
                    tracing::warn!(%error, "a stream of notifications sees nothing");
                    self.stop.sleep(CHECK_INTERVAL).await;
                }
            }
        }
    }

    /// Returns once there may be something new, or the stream may have to end.
    async fn wait(&mut self) {
        while !self.stop.is_requested() && self.gate.admits() {
            tokio::select! {
                () = self.stop.requested() => {}
                () = self.subscription.changed() => return,
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
            }
        }
    }
}

/// Whether the one who opened the stream may still read.
struct CallerCheck {
    caller: Customer,
    verifier: Verifier,
    /// With the token, as it came.
    headers: HeaderMap,
}

impl CallerCheck {
    fn admits(&self) -> bool {
        if self.headers.contains_key(AUTHORIZATION) {
            Access::User.admit(&self.verifier, &self.headers).is_ok()
        } else {
            // A gateway in this process verified the caller, who sent no token.
            self.verifier.check(&self.caller).is_ok()
        }
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
