//! Who looks at an order.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use kit_http::{ApiError, Holder};

use crate::domain::Viewer;
use crate::service::OrdersService;

/// A guest's token that opens nothing, or nothing any more, is refused as an access token would be.
impl<S> FromRequestParts<S> for Viewer
where
    S: Sync,
    OrdersService: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Holder::from_request_parts(parts, state).await? {
            Holder::User(principal) => Ok(Self::User(principal)),
            Holder::Guest(token) => {
                let orders = OrdersService::from_ref(state);
                let opened = orders.find_order_of_guest(token).await?;
                opened.map(Self::Guest).ok_or_else(ApiError::invalid_token)
            }
        }
    }
}
