//! `GET /admin/accounts`.

use auth_api::AccountQuery;
use axum::extract::State;
use axum::response::Response;
use kit_http::ApiError;
use kit_http::extract::FilteredPage;

use crate::service::AuthService;

pub(super) async fn list_accounts(
    State(auth): State<AuthService>,
    FilteredPage { filter, page }: FilteredPage<AccountQuery>,
) -> Result<Response, ApiError> {
    Ok(auth.list_accounts(filter, &page).await?.reply(&page))
}
