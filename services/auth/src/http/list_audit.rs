//! `GET /admin/audit`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;

use crate::service::{AuthFailure, AuthService};

pub(super) async fn list_audit(
    State(auth): State<AuthService>,
    request: PageRequest,
) -> Result<Response, AuthFailure> {
    Ok(auth.list_audit(&request).await?.reply(&request))
}
