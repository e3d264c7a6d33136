//! `DELETE /cart`.

use axum::extract::State;
use kit_http::IfMatch;

use super::cart_call::CartCall;
use crate::service::{CartFailure, CartService, PricedCart};

pub(super) async fn empty_cart(
    State(carts): State<CartService>,
    CartCall { call, owner }: CartCall,
    seen: IfMatch,
) -> Result<PricedCart, CartFailure> {
    carts.empty_cart(&call, owner, seen).await
}
