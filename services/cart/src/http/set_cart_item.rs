//! `PUT /cart/items/{sku}`.

use axum::extract::State;
use cart_api::SetQuantity;
use kit_http::IfMatch;
use kit_http::extract::{Json, Path};
use kit_values::Sku;

use super::cart_call::CartCall;
use crate::service::{CartFailure, CartService, PricedCart};

pub(super) async fn set_cart_item(
    State(carts): State<CartService>,
    CartCall { call, owner }: CartCall,
    Path(sku): Path<Sku>,
    seen: IfMatch,
    Json(request): Json<SetQuantity>,
) -> Result<PricedCart, CartFailure> {
    carts.set_item(&call, owner, (sku, request), seen).await
}
