//! `DELETE /cart/items/{sku}`.

use axum::extract::State;
use kit_http::IfMatch;
use kit_http::extract::Path;
use kit_values::Sku;

use super::cart_call::CartCall;
use crate::service::{CartFailure, CartService, PricedCart};

pub(super) async fn remove_cart_item(
    State(carts): State<CartService>,
    CartCall { call, owner }: CartCall,
    Path(sku): Path<Sku>,
    seen: IfMatch,
) -> Result<PricedCart, CartFailure> {
    carts.remove_item(&call, owner, sku, seen).await
}
