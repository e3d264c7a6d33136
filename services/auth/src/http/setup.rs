//! `GET /setup` and `POST /setup`: the page behind the one-time set-up link.

use auth_api::{Register, SetUp};
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use kit_http::ApiError;
use kit_http::extract::{InTrace, Query};
use serde::Deserialize;

use super::error::{failed, not_registered};
use super::form::Form;
use crate::service::{AuthService, Origin, SetUpRefusal};

const PAGE: &str = include_str!("setup.html");
const DONE: &str = include_str!("setup_done.html");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    token: String,
}

pub(super) async fn setup_page(
    State(auth): State<AuthService>,
    Query(link): Query<Link>,
) -> Result<impl IntoResponse, ApiError> {
    if !auth.is_setup_open(&link.token).await.map_err(failed)? {
        return Err(no_link());
    }
    // The secret was just found equal to one of ours, so it is plain base64 and needs no escaping.
    Ok(page(PAGE.replace("{{token}}", &link.token)))
}

pub(super) async fn setup(
    InTrace(auth): InTrace<AuthService>,
    origin: Origin,
    Form(form): Form<SetUp>,
) -> Result<impl IntoResponse, ApiError> {
    let wanted = Register {
        username: form.username,
        email: form.email,
        password: form.password,
    };
    auth.set_up(&form.token, &wanted, &origin)
        .await
        .map_err(|refusal| match refusal {
            SetUpRefusal::NoLink => no_link(),
            SetUpRefusal::Register(refusal) => not_registered(refusal),
        })?;
    Ok(page(DONE.to_owned()))
}

fn no_link() -> ApiError {
    ApiError::not_found("this set-up link does not work, or not any more")
}

fn page(html: String) -> impl IntoResponse {
    let headers = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(html))
}
