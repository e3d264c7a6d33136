//! The JSON of catalog's public routes.

mod categories;
mod import;
mod products;
mod reservations;
mod search;
mod stock;

pub use categories::{CategoryId, CategoryName, CategoryView, CreateCategory, UpdateCategory};
pub use import::{ImportQuery, ImportView};
pub use products::{
    CreateProduct, ImageKey, ImageQuery, ImageText, ImageView, MOST_IMAGES, OptionName, OptionValue,
    ProductDescription, ProductId, ProductName, ProductStatus, ProductView, UpdateProduct, UploadImage,
    VariantInput, VariantView,
};
pub use reservations::{OrderLine, ReleaseReason, ReservationStatus, ReservationView, ReservedItem};
pub use search::{CategoryFacet, Facets, PriceFacet, ProductFilter, ProductListing, ProductSort};
pub use stock::{
    AdjustStock, AdjustmentReason, MOST_ON_HAND, MovementKind, MovementView, SetStock, StockFilter, StockView,
};
