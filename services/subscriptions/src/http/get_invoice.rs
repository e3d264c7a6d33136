//! `GET /invoices/{id}`, as JSON or as a page to print.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY};
use kit_http::Etag;
use kit_http::extract::{Json, Path};
use kit_service::{Call, Failure};
use subscriptions_api::{InvoiceId, InvoiceView};

use super::InvoicePage;
use crate::service::{SubscriptionsFailure, SubscriptionsService};

/// Nothing but the page's own looks.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub(super) async fn get_invoice(
    State(subscriptions): State<SubscriptionsService>,
    State(page): State<InvoicePage>,
    call: Call,
    Path(id): Path<InvoiceId>,
    headers: HeaderMap,
) -> Result<Response, SubscriptionsFailure> {
    let invoice = subscriptions.get_invoice(&call, id).await?;
    let etag = Etag(invoice.revision);
    let view = InvoiceView::from(invoice);
    let varies = [(VARY, "accept"), (CACHE_CONTROL, "private, no-cache")];
    Ok(if names_html(&headers) {
        let html = page.render(&view).map_err(Failure::internal)?;
        (varies, [(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
    } else {
        (varies, etag, Json(view)).into_response()
    })
}

/// Whether the client names HTML; `*/*` is what programs send.
fn names_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/html")
    })
}
