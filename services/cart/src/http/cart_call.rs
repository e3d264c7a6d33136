//! Whose cart a request is about.

use axum::extract::FromRequestParts;
use cart_api::SentCartToken;
use http::request::Parts;
use kit_http::{Anyone, ApiError};
use kit_service::Call;

use crate::domain::Owner;

/// A request about a cart: the signed-in user's, whatever token is sent beside; else the one of the token.
pub(super) struct CartCall {
    pub call: Call<Anyone>,
    /// None of a guest without a token.
    pub owner: Option<Owner>,
}

impl<S: Sync> FromRequestParts<S> for CartCall {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let call = Call::<Anyone>::from_request_parts(parts, state).await?;
        let Ok(SentCartToken(token)) = SentCartToken::from_request_parts(parts, state).await;
        let owner = match &call.actor.0 {
            Some(principal) => Some(Owner::User(principal.user_id)),
            None => token.as_ref().map(Owner::guest),
        };
        Ok(Self { call, owner })
    }
}
