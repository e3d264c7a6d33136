//! `POST /password/forgot`.

use auth_api::{Done, MailTo};
use axum::extract::State;
use http::StatusCode;
use kit_http::Anyone;
use kit_http::extract::Json;
use kit_service::Call;

use super::{MAIL_IS_SENT, accepted};
use crate::domain::MailPurpose;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn forgot_password(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Json(request): Json<MailTo>,
) -> Result<(StatusCode, Json<Done>), AuthFailure> {
    auth.request_mail(&call, MailPurpose::PasswordReset, &request)
        .await?;
    Ok(accepted(MAIL_IS_SENT))
}
