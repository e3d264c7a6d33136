//! `GET /sessions`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;
use kit_service::Call;

use crate::service::{AuthFailure, AuthService};

pub(super) async fn list_sessions(
    State(auth): State<AuthService>,
    call: Call,
    request: PageRequest,
) -> Result<Response, AuthFailure> {
    Ok(auth.list_sessions(&call, &request).await?.reply(&request))
}
