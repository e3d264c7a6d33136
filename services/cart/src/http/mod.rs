//! Cart's public routes, one endpoint a file.

mod add_cart_item;
mod cart_call;
mod empty_cart;
mod get_cart;
mod merge_cart;
mod remove_cart_item;
mod set_cart_item;

use axum::Router;
use axum::response::{IntoResponse, Response};
use cart_api::CART_TOKEN;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use kit_http::extract::Json;
use kit_http::{Etag, Guard, Handlers, HandlersError};

use crate::service::{CartService, PricedCart};

pub(crate) fn router(carts: CartService, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(cart_api::routes(), guard)
        .on("get_cart", get_cart::get_cart)
        .on("empty_cart", empty_cart::empty_cart)
        .on("add_cart_item", add_cart_item::add_cart_item)
        .on("set_cart_item", set_cart_item::set_cart_item)
        .on("remove_cart_item", remove_cart_item::remove_cart_item)
        .on("merge_cart", merge_cart::merge_cart)
        .finish(carts)
}

/// The `ETag` is the cart's own version: what the catalog changes is not in it, as a change of a price does not keep
/// anybody from changing a quantity.
impl IntoResponse for PricedCart {
    fn into_response(self) -> Response {
        let token = self.view.guest_token.as_deref().map(HeaderValue::try_from);
        let mut response = (Etag(self.version), Json(self.view)).into_response();
        let headers = response.headers_mut();
        // It is one visitor's, whom caches do not tell from another by `X-Cart-Token`.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(Ok(token)) = token {
            headers.insert(CART_TOKEN, token);
        }
        response
    }
}
