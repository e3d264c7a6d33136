//! `POST /cart/items`.

use axum::extract::State;
use cart_api::AddItem;
use kit_http::extract::Json;

use super::cart_call::CartCall;
use crate::service::{CartFailure, CartService, PricedCart};

pub(super) async fn add_cart_item(
    State(carts): State<CartService>,
    CartCall { call, owner }: CartCall,
    Json(request): Json<AddItem>,
) -> Result<PricedCart, CartFailure> {
    carts.add_item(&call, owner, request).await
}
