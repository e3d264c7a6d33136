//! Routes of notifications in the application.

use http::{Method, StatusCode};
use kit_http::extract::PageQuery;
use kit_http::{Access, Route};
use serde_json::{Value, json};

use crate::NotificationsRefusal;
use crate::types::{AllRead, NotificationListing, NotificationView};

pub(super) fn routes() -> Vec<Route> {
    vec![list(), read(), read_all(), stream()]
}

fn list() -> Route {
    let listing = json!({ "items": [notification()], "next_cursor": null, "unread_count": 1 });
    Route::new(Method::GET, "/notifications", "list_notifications", Access::User)
        .summary("List the caller's notifications, newest first")
        .query::<PageQuery>()
        .answer::<NotificationListing>(StatusCode::OK, listing)
}

fn read() -> Route {
    let mut read = notification();
    read["read_at"] = json!("2030-01-01T00:00:01.000000Z");
    Route::new(
        Method::POST,
        "/notifications/{id}/read",
        "read_notification",
        Access::User,
    )
    .summary("Mark a notification as read; again changes nothing")
    .answer::<NotificationView>(StatusCode::OK, read)
    .not_found("Notification")
}

fn read_all() -> Route {
    Route::new(
        Method::POST,
        "/notifications/read-all",
        "read_all_notifications",
        Access::User,
    )
    .summary("Mark all of the caller's notifications as read")
    .answer::<AllRead>(StatusCode::OK, json!({ "read": 1 }))
}

fn stream() -> Route {
    let example = format!("id: 7\nevent: notification\ndata: {}\n\n", notification());
    Route::new(
        Method::GET,
        "/notifications/stream",
        "stream_notifications",
        Access::User,
    )
    .summary("Follow the caller's notifications; `Last-Event-ID` goes on after the one named")
    .event_stream::<NotificationView>(&example)
    .refuses(&NotificationsRefusal::TooManyStreams)
    .refuses(&NotificationsRefusal::TooManyOwnStreams)
}

fn notification() -> Value {
    json!({
        "id": "ntf_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "kind": "order.paid", "title": "Order 10001 is paid",
        "body": "We have received your payment of 12.50 USD, and get your order ready.",
        "link": "/orders/ord_0190c2a4-11f0-7d2c-8a4e-6b1f90d3c7e8",
        "created_at": "2030-01-01T00:00:00.000000Z", "read_at": null
    })
}
