//! The JSON of catalog's public routes.

mod categories;
mod products;
mod reservations;
mod search;
mod stock;

use serde::{Deserialize, Deserializer};

pub use categories::{CategoryId, CategoryName, CategoryView, CreateCategory, UpdateCategory};
pub use products::{
    CreateProduct, ImageView, OptionName, OptionValue, ProductDescription, ProductId, ProductName,
    ProductStatus, ProductView, UpdateProduct, VariantInput, VariantView,
};
pub use reservations::{OrderId, OrderLine, ReleaseReason, ReservationStatus, ReservationView, ReservedItem};
pub use search::{CategoryFacet, Facets, PriceFacet, ProductFilter, ProductListing, ProductSort};
pub use stock::{
    AdjustStock, AdjustmentReason, MOST_ON_HAND, MovementKind, MovementView, SetStock, StockFilter, StockView,
};

/// A member that may be left out and, where it is there, must be a value: null is none.
fn value<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A member that may be left out, and that null clears.
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three different requests"
)]
fn value_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
