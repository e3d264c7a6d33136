//! `GET /users`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{ArrayPage, PageRequest};
use kit_http::{ApiError, Customer};
use users_api::ProfileView;

use super::error::failed;
use crate::domain::Sight;
use crate::service::UsersService;

pub(super) async fn list_users(
    Customer(caller): Customer,
    State(users): State<UsersService>,
    request: PageRequest,
) -> Result<Response, ApiError> {
    let page = users
        .list(&request, Sight::from(&*caller))
        .await
        .map_err(failed)?;
    Ok(ArrayPage(page.map(ProfileView::from)).reply(&request))
}
