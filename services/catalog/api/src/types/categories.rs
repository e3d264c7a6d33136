//! Categories.

use kit_values::{Slug, Text, given, given_or_null, typed_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A category of products.
    pub struct CategoryId("cat_");
}

/// The name of a category, 1 to 100 characters.
pub type CategoryName = Text<100, 1>;

/// `POST /categories`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCategory {
    /// 1 to 100 characters.
    #[schemars(with = "CategoryName")]
    pub name: String,
    /// Its name in addresses; made of the name where it is left out.
    #[serde(default)]
    #[schemars(with = "Option<Slug>")]
    pub slug: Option<String>,
    /// The category it stands in; none for one at the top.
    #[serde(default)]
    pub parent_id: Option<CategoryId>,
}

/// `PATCH /categories/{id}`: what is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCategory {
    /// 1 to 100 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CategoryName")]
    pub name: Option<String>,
    /// Its name in addresses.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Slug")]
    pub slug: Option<String>,
    /// The category it stands in; null moves it to the top.
    #[serde(
        default,
        deserialize_with = "given_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<CategoryId>")]
    pub parent_id: Option<Option<CategoryId>>,
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CategoryView {
    /// The identifier of the category.
    pub id: CategoryId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The category it stands in; none for one at the top.
    pub parent_id: Option<CategoryId>,
}
