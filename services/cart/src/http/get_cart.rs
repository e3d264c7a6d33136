//! `GET /cart`.

use axum::extract::State;

use super::cart_call::CartCall;
use crate::service::{CartFailure, CartService, PricedCart};

pub(super) async fn get_cart(
    State(carts): State<CartService>,
    CartCall { call, owner }: CartCall,
) -> Result<PricedCart, CartFailure> {
    carts.get_cart(&call, owner.as_ref()).await
}
