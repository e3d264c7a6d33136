//! What other services may ask of catalog.

use std::collections::BTreeMap;

use kit_rpc::CallError;
use kit_values::{Money, Sku, Slug};
use serde::{Deserialize, Serialize};

use crate::{CatalogRefusal, ProductId};

/// For how many SKUs other services ask at once, at most.
pub const MOST_SKUS: usize = 200;

kit_rpc::contract! {
    /// What other services may ask of catalog.
    pub trait Catalog("catalog"), client CatalogClient, error CatalogError {
        /// Prices, names and availability of up to [`MOST_SKUS`] SKUs.
        query get_items(GetItems) -> Items;
    }
}

/// Why catalog did not do what another service asked.
pub type CatalogError = CallError<CatalogRefusal>;

/// Asks what is known of SKUs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct GetItems {
    /// At most [`MOST_SKUS`] of them; one that is named twice counts twice.
    pub skus: Vec<Sku>,
}

/// What is known of SKUs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Items {
    /// One for each SKU that was asked for, in the order of the SKUs. One that there never was is left out.
    pub items: Vec<Item>,
}

/// An article, at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Item {
    /// The SKU, as the catalog writes it.
    pub sku: Sku,
    /// The product of which it is a variant.
    pub product_id: ProductId,
    /// The product's slug.
    pub slug: Slug,
    /// The product's name.
    pub name: String,
    /// What tells the variant from others of the product, such as `size`.
    pub options: BTreeMap<String, String>,
    /// Where the product's first picture is, under the service's own address.
    pub image_url: Option<String>,
    /// The price of one.
    pub price: Money,
    /// How many can be reserved.
    pub available: i64,
    /// Whether it can be bought at all: its product is active, and the variant still belongs to it.
    pub is_offered: bool,
}
