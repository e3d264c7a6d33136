//! Who moves money.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use kit_http::{ApiError, Customer};
use kit_token::{FeedHealth, Principal};

use super::Desk;

/// A signed-in caller of whom it is known that their token was not revoked a while ago. Where that is not
/// known, because auth has been silent for too long, nobody moves money.
pub(super) struct Payer(pub(super) Arc<Principal>);

impl FromRequestParts<Desk> for Payer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, ApiError> {
        let Customer(principal) = Customer::from_request_parts(parts, desk).await?;
        match desk.verifier.revocations().health() {
            FeedHealth::Stale(age) => Err(ApiError::unavailable("Auth service unavailable")
                .with_cause(format!("the last news of revocations is {} s old", age.as_secs()))),
            FeedHealth::NotFollowed | FeedHealth::Waiting | FeedHealth::Fresh(_) => Ok(Self(principal)),
        }
    }
}
