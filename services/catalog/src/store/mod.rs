//! Every statement of catalog.
//!
//! Rows are held in one order: the tree of categories, a category, a product, a reservation, and stock by the key of
//! its SKU.

mod categories;
mod images;
mod invariants;
mod items;
mod listing;
mod products;
mod reservations;
mod stock;
mod variants;
mod words;

pub(crate) use categories::{
    archive_category, find_category, find_category_for_share, find_category_for_update, hold_tree,
    insert_category, is_category_used, list_categories, list_categories_for_share, list_category_page,
    update_category,
};
pub(crate) use images::{delete_image, find_image, insert_image, list_images};
pub(crate) use invariants::{FACTS, INVARIANTS};
pub(crate) use items::list_items;
pub(crate) use listing::{count_by_category, list_products, price_range};
pub(crate) use products::{
    find_product, find_product_for_update, insert_product, list_products_for_update, list_products_of,
    snapshots, update_product,
};
pub(crate) use reservations::{
    find_reservation, insert_reservation, insert_reservation_items, prolong_overdue, set_reservation_status,
};
pub(crate) use stock::{
    Holding, find_stock, insert_movements, list_movements, list_stock, list_stock_of, move_stock, put_back,
    record_change,
};
pub(crate) use variants::{list_missing, list_offered, list_taken, retire, save_variants};
pub(crate) use words::save_words;

/// Whether a statement was refused because something else has the slug.
pub(crate) fn is_slug_taken(error: &kit_db::StoreError) -> bool {
    error.violates("products_slug_key", "products.slug")
        || error.violates("categories_slug_key", "categories.slug")
}
