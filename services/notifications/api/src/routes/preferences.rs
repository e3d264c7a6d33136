//! Routes of preferences.

use http::{Method, StatusCode};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use crate::NotificationKind;
use crate::types::Preferences;

pub(super) fn routes() -> Vec<Route> {
    vec![get(), put()]
}

fn get() -> Route {
    Route::new(
        Method::GET,
        "/notifications/preferences",
        "get_preferences",
        Access::User,
    )
    .summary("How the caller wants to be told, kind by kind")
    .answer::<Preferences>(StatusCode::OK, preferences(true))
}

fn put() -> Route {
    let one = json!({
        "items": [{ "kind": "order.confirmed", "in_app": true, "email": false, "sms": true }], "phone": "+4930123456"
    });
    Route::new(
        Method::PUT,
        "/notifications/preferences",
        "put_preferences",
        Access::User,
    )
    .summary("Say how to be told of some kinds; those that are left out stay as they are")
    .body::<Preferences>(one)
    .answer::<Preferences>(StatusCode::OK, preferences(false))
}

fn preferences(is_usual: bool) -> Value {
    let item = |kind: &NotificationKind| {
        let email = *kind != NotificationKind::OrderConfirmed || is_usual;
        json!({ "kind": kind, "in_app": true, "email": email, "sms": !email })
    };
    let items: Vec<_> = NotificationKind::PREFERABLE.iter().map(item).collect();
    let phone = (!is_usual).then_some("+4930123456");
    json!({ "items": items, "phone": phone })
}
