//! `GET /setup` and `POST /setup`: the page behind the one-time set-up link.

use auth_api::{Register, SetUp, SetUpQuery};
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use kit_http::Anyone;
use kit_http::extract::{Form, Query};
use kit_service::Call;

use crate::service::{AuthFailure, AuthService};

const PAGE: &str = include_str!("setup.html");
const DONE: &str = include_str!("setup_done.html");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

pub(super) async fn setup_page(
    State(auth): State<AuthService>,
    Query(link): Query<SetUpQuery>,
) -> Result<impl IntoResponse, AuthFailure> {
    auth.check_set_up(&link.token).await?;
    // The secret was just found equal to one of ours, so it is plain base64 and needs no escaping.
    Ok(page(PAGE.replace("{{token}}", &link.token)))
}

pub(super) async fn setup(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Form(form): Form<SetUp>,
) -> Result<impl IntoResponse, AuthFailure> {
    let request = Register {
        username: form.username,
        email: form.email,
        password: form.password,
    };
    auth.set_up(&call, &form.token, &request).await?;
    Ok(page(DONE.to_owned()))
}

fn page(html: String) -> impl IntoResponse {
    let headers = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(html))
}
