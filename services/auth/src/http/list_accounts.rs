//! `GET /admin/accounts`.

use auth_api::AccountQuery;
use axum::extract::State;
use axum::response::Response;
use kit_http::ApiError;
use kit_http::extract::{PageQuery, PageRequest, Query};

use crate::service::AuthService;

pub(super) async fn list_accounts(
    State(auth): State<AuthService>,
    Query(query): Query<AccountQuery>,
) -> Result<Response, ApiError> {
    let request: PageRequest = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .try_into()?;
    Ok(auth.list_accounts(query, &request).await?.reply(&request))
}
