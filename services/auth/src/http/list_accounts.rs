//! `GET /admin/accounts`.

use auth_api::AccountQuery;
use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{PageQuery, PageRequest, Query};
use kit_http::{ApiError, Customer};

use super::error::failed;
use crate::service::AuthService;

pub(super) async fn list_accounts(
    _: Customer,
    State(auth): State<AuthService>,
    Query(query): Query<AccountQuery>,
) -> Result<Response, ApiError> {
    let request: PageRequest = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .try_into()?;
    // No name or address has them, and PostgreSQL refuses a NUL in a text.
    if query.q.as_ref().is_some_and(|q| q.contains(char::is_control)) {
        return Err(ApiError::bad_request(
            "invalid_query",
            "`q` must not contain control characters",
        ));
    }
    Ok(auth
        .list_accounts(query, &request)
        .await
        .map_err(failed)?
        .reply(&request))
}
