//! `POST /password`.

use auth_api::{ChangePassword, Done};
use kit_http::extract::{InTrace, Json};
use kit_http::{ApiError, Customer};

use super::done;
use super::error::failed;
use crate::service::{AuthService, Origin, PasswordRefusal};

pub(super) async fn change_password(
    Customer(caller): Customer,
    origin: Origin,
    InTrace(auth): InTrace<AuthService>,
    Json(request): Json<ChangePassword>,
) -> Result<Json<Done>, ApiError> {
    auth.change_password(&caller, &request, &origin)
        .await
        .map_err(|refusal| match refusal {
            PasswordRefusal::Invalid(errors) => ApiError::invalid(errors),
            PasswordRefusal::WrongPassword => ApiError::forbidden("Current password is wrong"),
            PasswordRefusal::Failed(failure) => failed(failure),
        })?;
    Ok(done("Password changed"))
}
