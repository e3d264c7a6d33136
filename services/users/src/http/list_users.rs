//! `GET /users`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{ArrayPage, PageRequest};
use kit_service::Call;
use users_api::ProfileView;

use crate::domain::Visibility;
use crate::service::{UsersFailure, UsersService};

pub(super) async fn list_users(
    State(users): State<UsersService>,
    call: Call,
    request: PageRequest,
) -> Result<Response, UsersFailure> {
    let page = users.list(&request, Visibility::from(&*call.actor)).await?;
    Ok(ArrayPage(page.map(ProfileView::from)).reply(&request))
}
