//! What other services may ask of cart.

use kit_rpc::CallError;
use kit_token::UserId;
use kit_values::{Quantity, Sku};
use orders_api::OrderId;
use serde::{Deserialize, Serialize};

use crate::{CartRefusal, CartTokenHash};

/// How many lines a cart has at most: as many SKUs as catalog is asked for at once.
pub const MOST_LINES: usize = catalog_api::MOST_SKUS;

kit_rpc::contract! {
    /// What other services may ask of cart.
    pub trait Cart("cart"), client CartClient, error CartError {
        /// What is in a cart. One that there is not, or whose token is unknown, is empty and of version 0.
        query get_cart(GetCart) -> CartContents;
        /// Takes out of a cart what was ordered from it, once for each order however often it is asked. What was
        /// put in since is left. That there is no such cart any more is no error.
        command clear_cart(ClearCart) -> ();
    }
}

/// Why cart did not do what another service asked.
pub type CartError = CallError<CartRefusal>;

/// Whose cart it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CartOwner {
    /// Somebody who is signed in.
    User(UserId),
    /// A guest, who has nothing but the token, of which this is the hash.
    Guest(CartTokenHash),
}

/// Asks what is in a cart.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GetCart {
    /// Whose cart it is.
    pub owner: CartOwner,
}

/// What is in a cart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct CartContents {
    /// Its lines, in the order in which they were put in: at most [`MOST_LINES`], each SKU once. Whether they can be
    /// bought was not asked.
    pub items: Vec<CartItem>,
    /// A number that grows with each change of the cart.
    pub version: i64,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CartItem {
    /// The SKU, as the catalog writes it.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
}

/// Says that an order was made of a cart.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ClearCart {
    /// Whose cart it is.
    pub owner: CartOwner,
    /// The order, under which this is done once.
    pub order_id: OrderId,
    /// The version of which the order was made. Lines that were put in later stay, those of the same SKU too.
    pub version: i64,
    /// What was ordered. Of a line that has more by now, the rest stays.
    pub items: Vec<CartItem>,
}
