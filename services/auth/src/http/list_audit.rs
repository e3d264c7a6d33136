//! `GET /admin/audit`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;
use kit_http::{ApiError, Customer};

use super::error::failed;
use crate::service::AuthService;

pub(super) async fn list_audit(
    _: Customer,
    State(auth): State<AuthService>,
    request: PageRequest,
) -> Result<Response, ApiError> {
    Ok(auth.list_audit(&request).await.map_err(failed)?.reply(&request))
}
