//! `POST /cart/merge`.

use axum::extract::State;
use cart_api::MergeCart;
use kit_http::extract::Json;
use kit_service::Call;

use crate::service::{CartFailure, CartService, PricedCart};

pub(super) async fn merge_cart(
    State(carts): State<CartService>,
    call: Call,
    Json(request): Json<MergeCart>,
) -> Result<PricedCart, CartFailure> {
    // What is no token is as good as one that nobody knows.
    carts.merge(&call, request.guest_token.parse().ok()).await
}
