//! What catalog decides, without clock, database or network.

mod category;
mod facets;
mod image;
mod import;
mod product;
mod product_event;
mod reference;
mod reservation;
mod search;
mod slug;
mod stock;
mod variants;
mod words;

pub(crate) use category::{Category, CategoryChange, CategoryDraft, CategoryTree};
pub(crate) use facets::category_facets;
pub(crate) use image::{Image, ImageSize, NotAnImage, Renditions, image_url};
pub(crate) use import::{ImportedProduct, MOST_ERRORS, read_products};
pub(crate) use product::{Product, ProductChange, ProductDraft, ProductSnapshot};
pub(crate) use product_event::ProductEvent;
pub(crate) use reference::{CategoryRef, ProductRef, Reference};
pub(crate) use reservation::{OrderLines, Reservation, ReservationEvent, ReservationStep};
pub(crate) use search::{ListingKey, ProductSearch, Scope};
pub(crate) use slug::SlugChoice;
pub(crate) use stock::{Adjustment, Delta, OnHand, Stock, StockChange, StockSearch};
pub(crate) use variants::{OfferedVariant, Variant, Variants};
pub(crate) use words::{ProductWords, SearchWords};
