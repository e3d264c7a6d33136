//! What others may know of catalog: its public routes, the types that go through them, the events it tells,
//! and the contract that other services call.

mod contract;
mod events;
mod refusal;
mod routes;
mod types;

pub use contract::{
    Catalog, CatalogClient, CatalogError, CommitStock, FindReservation, GetItems, Item, Items, MOST_SKUS,
    ReleaseStock, ReserveStock, Restock,
};
pub use events::{
    CATALOG, CategoryChanged, ProductArchived, ProductCreated, ProductUpdated, STOCK, StockChanged,
    StockCommitted, StockOverdue, StockRejected, StockReleased, StockReserved, TOPICS, events,
};
pub use refusal::CatalogRefusal;
pub use routes::routes;
pub use types::{
    AdjustStock, AdjustmentReason, CategoryFacet, CategoryId, CategoryName, CategoryView, CreateCategory,
    CreateProduct, Facets, ImageKey, ImageQuery, ImageText, ImageView, ImportQuery, ImportView, MOST_IMAGES,
    MOST_ON_HAND, MovementKind, MovementView, OptionName, OptionValue, OrderLine, PriceFacet,
    ProductDescription, ProductFilter, ProductId, ProductListing, ProductName, ProductSort, ProductStatus,
    ProductView, ReleaseReason, ReservationStatus, ReservationView, ReservedItem, SetStock, StockFilter,
    StockView, UpdateCategory, UpdateProduct, UploadImage, VariantInput, VariantView,
};
