//! `GET /checkout/{token}` and `POST /checkout/{token}`: the pages of the sandbox.

mod page;

use axum::extract::{FromRequest, Request, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::HeaderMap;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
};
use kit_http::ApiError;
use kit_http::extract::{Form, Json, Path};
use payments_api::{CheckoutDecided, CheckoutStatus, DecideCheckout};

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn get_checkout(
    State(payments): State<PaymentsService>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PaymentsFailure> {
    let shown = payments.checkout_page(&token).await?;
    Ok(if names_html(&headers) {
        let policy = page::policy(&shown);
        let guarded = (CONTENT_SECURITY_POLICY, policy);
        (private(), [guarded], Html(page::render(&shown))).into_response()
    } else {
        (private(), Json(shown)).into_response()
    })
}

pub(super) async fn decide_checkout(
    State(payments): State<PaymentsService>,
    Path(token): Path<String>,
    decision: Decision,
) -> Result<Response, PaymentsFailure> {
    let DecideCheckout { action } = decision.request;
    let page = payments.decide_checkout(&token, action).await?;
    if !decision.is_form {
        let (status, return_url) = (page.status, page.return_url);
        return Ok((private(), Json(CheckoutDecided { status, return_url })).into_response());
    }
    // What is not decided yet, or has nowhere to go, is shown again.
    let next = page
        .return_url
        .filter(|_| page.status != CheckoutStatus::ActionRequired);
    Ok((private(), Redirect::to(next.as_deref().unwrap_or(&token))).into_response())
}

/// A decision, as the page's form or as JSON.
pub(super) struct Decision {
    request: DecideCheckout,
    is_form: bool,
}

impl<S: Send + Sync> FromRequest<S> for Decision {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let request = if is_form {
            Form::from_request(request, state).await?.0
        } else {
            Json::from_request(request, state).await?.0
        };
        Ok(Self { request, is_form })
    }
}

/// The address is the secret: it is neither kept nor sent on.
const fn private() -> [(HeaderName, &'static str); 2] {
    [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")]
}

/// Whether the client names HTML; `*/*` is what programs send.
fn names_html(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/html")
    })
}
