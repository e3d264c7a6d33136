//! What catalog refuses.

use kit_values::{Sku, Slug};

kit_http::refusals! {
    /// What catalog refuses, beside what every service does.
    pub enum CatalogRefusal("Catalog") {
        /// Another product, or another category, has this slug. Those that are archived keep theirs.
        SlugTaken {
            /// The slug.
            slug: Slug,
        } = CONFLICT, "slug_taken", "the slug `{slug}` is taken";
        /// The product has as many pictures as it may have.
        TooManyImages {
            /// The largest number of pictures.
            most: usize,
        } = CONFLICT, "too_many_images", "a product has at most {most} pictures";
        /// Another product has this SKU. One that is archived keeps its own, since orders refer to it.
        SkuTaken {
            /// The SKU.
            sku: Sku,
        } = CONFLICT, "sku_taken", "the SKU `{sku}` belongs to another product";
        /// A variant of which something is on hand or reserved cannot be taken out of its product.
        SkuInStock {
            /// The SKU.
            sku: Sku,
        } = CONFLICT, "sku_in_stock", "the SKU `{sku}` has stock and cannot be removed";
        /// The new parent is the category itself, or stands below it.
        CategoryCycle = CONFLICT, "category_cycle", "a category cannot stand below itself";
        /// Products or other categories stand in the category.
        CategoryInUse = CONFLICT, "category_in_use", "there are products or categories in the category";
        /// On hand would be less than what is reserved, or less than nothing.
        BelowReserved {
            /// How many are reserved.
            reserved: i64,
        } = CONFLICT, "below_reserved", "on hand cannot be less than what is reserved, which is {reserved}";
        /// On hand would be more than can be counted.
        StockLimitExceeded {
            /// The largest number on hand.
            most: i64,
        } = CONFLICT, "stock_limit_exceeded", "on hand cannot be more than {most}";
        /// The order's stock was asked for before, with other lines.
        ReservationDiffers = CONFLICT, "reservation_differs", "the order was reserved with other lines";
    }
}
