//! Products and their variants.

use std::collections::BTreeMap;

use kit_runtime::Timestamp;
use kit_values::{Money, Sku, Slug, Text, given, given_or_null, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CategoryId;

typed_id! {
    /// A product.
    pub struct ProductId("prd_");
}

/// The name of a product, 1 to 200 characters.
pub type ProductName = Text<200, 1>;

/// The text about a product, at most 10 000 characters.
pub type ProductDescription = Text<10_000>;

/// What an option is called, such as `size`: 1 to 50 characters.
pub type OptionName = Text<50, 1>;

/// What an option is, such as `L`: 1 to 100 characters.
pub type OptionValue = Text<100, 1>;

words! {
    /// Whether a product is shown.
    pub enum ProductStatus {
        /// It is for sale.
        Active = "active",
        /// It is shown to staff only; orders of before still refer to it.
        Archived = "archived",
    }
}

/// A variant as staff describe it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantInput {
    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, unique without case.
    #[schemars(with = "Sku")]
    pub sku: String,
    /// What tells it from other variants, such as `{"size":"L"}`: at most 10.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, OptionValue>")]
    pub options: BTreeMap<String, String>,
    /// The price of one: more than nothing, in the same currency for all variants of a product.
    pub price: Money,
}

/// `POST /products`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProduct {
    /// 1 to 200 characters.
    #[schemars(with = "ProductName")]
    pub name: String,
    /// Its name in addresses; made of the name where it is left out.
    #[serde(default)]
    #[schemars(with = "Option<Slug>")]
    pub slug: Option<String>,
    /// Up to 10 000 characters.
    #[serde(default)]
    #[schemars(with = "ProductDescription")]
    pub description: String,
    /// The category it stands in.
    #[serde(default)]
    pub category_id: Option<CategoryId>,
    /// 1 to 100 variants, in the order in which they are shown.
    pub variants: Vec<VariantInput>,
}

/// `PATCH /products/{id}`: what is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProduct {
    /// 1 to 200 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ProductName")]
    pub name: Option<String>,
    /// Its name in addresses.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Slug")]
    pub slug: Option<String>,
    /// Up to 10 000 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ProductDescription")]
    pub description: Option<String>,
    /// Whether it is shown.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ProductStatus")]
    pub status: Option<ProductStatus>,
    /// The category it stands in; null takes it out of its own.
    #[serde(
        default,
        deserialize_with = "given_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<CategoryId>")]
    pub category_id: Option<Option<CategoryId>>,
    /// All variants that it has from now on. One that is left out is removed, which needs its stock to be nothing.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<VariantInput>")]
    pub variants: Option<Vec<VariantInput>>,
}

typed_id! {
    /// A picture of a product.
    pub struct ImageKey("img_");
}

/// How many pictures a product has, at most.
pub const MOST_IMAGES: usize = 20;

/// What is to be seen on a picture, at most 500 characters.
pub type ImageText = Text<500>;

/// What `POST /products/{id}/images` is told beside the file.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadImage {
    /// What is to be seen, for who cannot see it: up to 500 characters.
    #[serde(default)]
    #[schemars(with = "ImageText")]
    pub alt: String,
}

/// What `GET /images/{key}` is asked.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageQuery {
    /// The width in pixels: 400, 800 or 1600. A picture that is not wider comes as it is; without it, as large as it
    /// is kept.
    #[serde(default)]
    pub w: Option<u32>,
}

/// A picture of a product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ImageView {
    /// What it is stored under.
    pub key: ImageKey,
    /// Where it is: a path of the gateway.
    pub url: String,
    /// What is to be seen, for who cannot see it.
    pub alt: String,
}

/// A variant of a product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct VariantView {
    /// What names it; unique without case.
    pub sku: Sku,
    /// What tells it from other variants.
    pub options: BTreeMap<String, String>,
    /// The price of one.
    pub price: Money,
    /// How many can be bought now.
    pub available: i64,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ProductView {
    /// The identifier of the product.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The text about it.
    pub description: String,
    /// Whether it is shown.
    pub status: ProductStatus,
    /// The category it stands in.
    pub category_id: Option<CategoryId>,
    /// Its pictures, the first one first.
    pub images: Vec<ImageView>,
    /// Its variants, in the order in which they are shown.
    pub variants: Vec<VariantView>,
    /// When the product was created (UTC).
    pub created_at: Timestamp,
    /// When it was last changed (UTC); its stock does not count.
    pub updated_at: Timestamp,
}
