//! Routes of the mailbox, which is there where no mail server is.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::json;

use crate::types::{MailFilter, MailSummary, MailView};

const MAIL: &str = "mail_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";

pub(super) fn routes() -> Vec<Route> {
    vec![list(), get()]
}

fn list() -> Route {
    let mail = json!({
        "id": MAIL, "channel": "email", "to": "ada@example.com", "subject": "Order 10001 is paid",
        "sent_at": "2030-01-01T00:00:00.000000Z"
    });
    let listing = json!({ "items": [mail], "next_cursor": null });
    Route::new(Method::GET, "/mailbox", "list_mail", Access::Admin)
        .summary("List mail that would have been sent, newest first; only where there is no mail server")
        .query::<MailFilter>()
        .query::<PageQuery>()
        .answer::<Page<MailSummary>>(StatusCode::OK, listing)
        .not_found("Mailbox")
}

fn get() -> Route {
    let mail = json!({
        "id": MAIL, "channel": "email", "message_id": "<msg_0190c2a4-11f0-7d2c-8a4e-6b1f90d3c7e8@localhost>",
        "from": "Stoa <no-reply@localhost>", "to": "ada@example.com", "subject": "Order 10001 is paid",
        "text": "We have received your payment of 12.50 USD, and get your order ready.",
        "html": "<!doctype html>…", "sent_at": "2030-01-01T00:00:00.000000Z"
    });
    Route::new(Method::GET, "/mailbox/{id}", "get_mail", Access::Admin)
        .summary("Get a mail that would have been sent")
        .answer::<MailView>(StatusCode::OK, mail)
        .not_found("Mail")
}
