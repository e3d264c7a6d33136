//! What others may know of catalog: its public routes, the types that go through them, the events it tells,
//! and the contract that other services call.

mod contract;
mod events;
mod example;
mod refusal;
mod routes;
mod types;

pub use contract::{Catalog, CatalogClient, CatalogError, GetItems, Item, Items, MOST_SKUS};
pub use events::{StockChanged, TOPICS, events};
pub use refusal::CatalogRefusal;
pub use routes::routes;
pub use types::{
    AdjustStock, AdjustmentReason, CategoryFacet, CategoryId, CategoryName, CategoryView, CreateCategory,
    CreateProduct, Facets, ImageView, MOST_ON_HAND, MovementKind, MovementView, OptionName, OptionValue,
    PriceFacet, ProductDescription, ProductFilter, ProductId, ProductListing, ProductName, ProductSort,
    ProductStatus, ProductView, SetStock, StockFilter, StockView, UpdateCategory, UpdateProduct,
    VariantInput, VariantView,
};
