//! `POST /orders`.

use axum::extract::State;
use cart_api::SentCartToken;
use kit_http::extract::OptionalJson;
use kit_http::{Anyone, ApiError};
use kit_service::{Call, JsonAnswer};
use orders_api::{CreateOrder, PlacedOrder};

use crate::domain::Credentials;
use crate::service::OrdersService;

/// Whoever is signed in orders as that; else it is a guest, who has a cart.
pub(super) async fn create_order(
    State(orders): State<OrdersService>,
    call: Call<Anyone>,
    SentCartToken(cart): SentCartToken,
    OptionalJson(request): OptionalJson<CreateOrder>,
) -> Result<JsonAnswer<PlacedOrder>, ApiError> {
    let user = call.actor.0.as_ref();
    let credentials = user
        .map(|principal| Credentials::User(principal.user_id))
        .or_else(|| cart.map(Credentials::Guest))
        .ok_or_else(ApiError::missing_authorization)?;
    Ok(orders.create_order(&call, credentials, request).await?)
}
