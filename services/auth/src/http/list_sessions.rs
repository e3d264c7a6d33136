//! `GET /sessions`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;
use kit_http::{ApiError, Customer};

use super::error::failed;
use crate::service::AuthService;

pub(super) async fn list_sessions(
    Customer(caller): Customer,
    State(auth): State<AuthService>,
    request: PageRequest,
) -> Result<Response, ApiError> {
    Ok(auth
        .list_sessions(&caller, &request)
        .await
        .map_err(failed)?
        .reply(&request))
}
