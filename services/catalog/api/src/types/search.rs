//! Looking for products.

use kit_http::extract::Page;
use kit_values::{Currency, Slug, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProductStatus, ProductView};

words! {
    /// In which order products are listed.
    pub enum ProductSort {
        /// What fits the words of the search best; the newest first where there are none.
        Relevance = "relevance",
        /// The cheapest first, by the cheapest variant of each.
        Price = "price",
        /// The dearest first, by the cheapest variant of each.
        PriceDescending = "-price",
        /// The newest first.
        Newest = "newest",
    }
}

/// The query of `GET /products`, beside that of a page.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductFilter {
    /// Words, all of which stand in name, description or SKUs; the last one may be the beginning of a word.
    /// At most 200 characters.
    pub q: Option<String>,
    /// A category, by identifier or slug: what stands in it, or in one below it.
    pub category: Option<String>,
    /// With `true`, what can be bought now; `false` leaves nothing out.
    pub in_stock: Option<bool>,
    /// What has a variant that costs at least so much, in minor units.
    pub min_price: Option<i64>,
    /// What has a variant that costs at most so much, in minor units.
    pub max_price: Option<i64>,
    /// What is sold in this currency.
    pub currency: Option<Currency>,
    /// What has this status, `active` where it is not given. Only staff see what is archived.
    pub status: Option<ProductStatus>,
    /// The order: `relevance` where it is not given.
    pub sort: Option<ProductSort>,
}

/// A page of products, and what a further search can be narrowed by.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProductListing {
    /// The page.
    #[serde(flatten)]
    pub page: Page<ProductView>,
    /// What the search can be narrowed by.
    pub facets: Facets,
}

/// What a search can be narrowed by. Each is counted over what the search finds without its own filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Facets {
    /// Categories with at least one product, those with the most first; at most 100.
    pub category: Vec<CategoryFacet>,
    /// From the cheapest to the dearest.
    pub price: PriceFacet,
}

/// How many products a category would leave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CategoryFacet {
    /// What to send as `category`: the slug.
    pub value: Slug,
    /// The name of the category.
    pub name: String,
    /// How many products stand in it, or in one below it.
    pub count: u64,
}

/// What the variants that were found cost, in minor units; null where nothing was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct PriceFacet {
    /// The cheapest.
    pub min: Option<i64>,
    /// The dearest.
    pub max: Option<i64>,
}
