//! The JSON of cart's public routes.

use catalog_api::ProductId;
use kit_values::{Money, Quantity, Sku};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /cart/items`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    /// The SKU, in any case.
    pub sku: Sku,
    /// How many more of it, 1 to 999.
    pub quantity: Quantity,
}

/// `PUT /cart/items/{sku}`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuantity {
    /// How many of it from now on, 1 to 999.
    pub quantity: Quantity,
}

/// `POST /cart/merge`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeCart {
    /// The token of the cart that the caller filled as a guest. One that nobody knows any more changes nothing.
    pub guest_token: String,
}

/// A line of a cart, at the price of this moment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CartLineView {
    /// The SKU, as the catalog writes it.
    pub sku: Sku,
    /// The product of which it is a variant.
    pub product_id: ProductId,
    /// The product's name.
    pub name: String,
    /// Where the product's first picture is.
    pub image_url: Option<String>,
    /// How many of it.
    pub quantity: Quantity,
    /// What one costs now.
    pub unit_price: Money,
    /// What all of them cost now.
    pub line_total: Money,
    /// Whether that is another price than when the line was put in or last changed.
    pub price_changed: bool,
    /// Whether the line can be bought as it is: it is for sale, in the cart's currency, and there are enough of it.
    pub available: bool,
}

/// A cart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CartView {
    /// Its lines, in the order in which they were put in.
    pub items: Vec<CartLineView>,
    /// What the lines that are available cost together.
    pub total: Money,
    /// The token of a guest's new cart, also in `X-Cart-Token`. It is shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_token: Option<String>,
}
