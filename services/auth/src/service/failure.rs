//! What a failed use case makes of what auth itself fails with.

use auth_api::AuthRefusal;
use kit_db::StoreError;
use kit_http::ApiRefusal;
use kit_service::Failure;
use kit_token::Refusal;

use crate::hashing::HashError;
use crate::signing::SigningError;

/// Why a use case did not do what was asked.
pub(crate) type AuthFailure = Failure<AuthRefusal>;

impl From<HashError> for AuthFailure {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy(_) => Self::Refused(AuthRefusal::TooManySignIns),
            error @ HashError::Failed(_) => Self::internal(error),
        }
    }
}

impl From<SigningError> for AuthFailure {
    fn from(error: SigningError) -> Self {
        Self::internal(error)
    }
}

/// What to say of a token that was refused. Where keys and revocations are not known, or not well enough, it
/// cannot be judged, and that it is not good would be a lie.
pub(super) fn token_error(refusal: Refusal) -> AuthFailure {
    match refusal {
        Refusal::Expired => Failure::Refused(AuthRefusal::TokenExpired),
        Refusal::NoKeys | Refusal::NoRevocations => Failure::Unavailable {
            service: AuthRefusal::SERVICE,
            cause: refusal.into(),
        },
        refusal => {
            tracing::debug!(%refusal, "a token is not good");
            Failure::Refused(AuthRefusal::InvalidToken)
        }
    }
}

/// Of those who come at once for one name or address, the constraint decides.
pub(super) fn account_not_inserted(error: StoreError) -> AuthFailure {
    if error.violates("accounts_username_unique", "accounts.username_key") {
        Failure::Refused(AuthRefusal::UsernameTaken)
    } else if error.violates("accounts_email_unique", "accounts.email_key") {
        Failure::Refused(AuthRefusal::EmailTaken)
    } else {
        error.into()
    }
}
