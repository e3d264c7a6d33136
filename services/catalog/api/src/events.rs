//! What catalog tells on topics `catalog` and `stock`.
//!
//! On `catalog` it tells that products and categories have changed, and not how: whoever wants to know asks. The key is
//! the product's or the category's, and `version` grows with each of its changes.
//!
//! //! Two kinds of aggregate share topic `stock`: the stock of a SKU, and the reservation of an order. The events of each
//! have its identifier as their key, so that each is in order by itself, and an order's events do not wait for those
//! of the SKUs in it. Whoever wants to know how many there are goes by `stock.changed` and its `version`; whoever
//! goes on with an order goes by the others.

use kit_runtime::Timestamp;
use kit_values::{Sku, Slug, Uuid, example};
use orders_api::OrderId;

use crate::{CategoryId, MovementKind, ProductId, ReleaseReason, ReservedItem};

const ORDER: Uuid = Uuid::from_u128(0x0199_f3a2_5d10_7c4e_b3f8_61a9_0e7d_24c5);
const PRODUCT: Uuid = Uuid::from_u128(0x0199_f3a1_9c00_7d21_8a44_3f5e_6b70_1182);
const CATEGORY: Uuid = Uuid::from_u128(0x0199_f3a0_1e40_7f02_9b3d_52c8_04a6_77e1);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

fn items(quantity: i64, available: i64) -> Vec<ReservedItem> {
    let sku = example("MUG-BLUE");
    vec![ReservedItem {
        sku,
        quantity,
        available,
    }]
}

kit_event::events! {
    /// What becomes of products and categories.
    topic CATALOG = "catalog" (retention: Usual, carrier: Stream, key: "the product's id, or the category's") {
        /// `product.created`: there is a new product.
        ProductCreated = "product.created" (key: product_id, sequence: version) {
            /// The product.
            product_id: ProductId = PRODUCT.into(),
            /// Its name in addresses.
            slug: Slug = example("blue-mug"),
            /// The product's version: 1.
            version: i64 = 1,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `product.updated`: a product is shown differently: itself, its variants, their prices or its pictures, or
        /// it came back from the archive.
        ProductUpdated = "product.updated" (key: product_id, sequence: version) {
            /// The product.
            product_id: ProductId = PRODUCT.into(),
            /// Its name in addresses after the change.
            slug: Slug = example("blue-mug"),
            /// The product's version after the change.
            version: i64 = 4,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `product.archived`: a product is shown to staff only.
        ProductArchived = "product.archived" (key: product_id, sequence: version) {
            /// The product.
            product_id: ProductId = PRODUCT.into(),
            /// Its name in addresses, which it keeps.
            slug: Slug = example("blue-mug"),
            /// The product's version after the change.
            version: i64 = 5,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `category.changed`: a category was made, has changed, or is archived.
        CategoryChanged = "category.changed" (key: category_id, sequence: version) {
            /// The category.
            category_id: CategoryId = CATEGORY.into(),
            /// Its name in addresses after the change.
            slug: Slug = example("mugs"),
            /// Whether it is archived, and shown no more.
            is_archived: bool = false,
            /// The category's version after the change.
            version: i64 = 2,
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
    /// What becomes of stock.
    topic STOCK = "stock" (retention: Usual, carrier: Queue, key: "the SKU, or the order's id") {
        /// `stock.changed`: another number of a SKU is on hand or reserved.
        StockChanged = "stock.changed" (key: sku, sequence: version) {
            /// The SKU, as the catalog writes it.
            sku: Sku = example("MUG-BLUE"),
            /// The product of which it is a variant, for ever.
            product_id: ProductId = PRODUCT.into(),
            /// How many are on hand after the change.
            on_hand: i64 = 12,
            /// How many of those are reserved after the change.
            reserved: i64 = 2,
            /// How it came to the change.
            kind: MovementKind = MovementKind::Adjusted,
            /// Why: the words of the member of the staff who adjusted the stock, else the kind of the change.
            reason: String = "two were broken".to_owned(),
            /// The number of the change: the first of a SKU is 1, the next 2.
            version: i64 = 7,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `stock.reserved`: all lines of an order are held.
        StockReserved = "stock.reserved" (key: order_id) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its SKUs, and how many of each can be reserved afterwards.
            items: Vec<ReservedItem> = items(2, 10),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `stock.rejected`: nothing is held for an order, because there was not enough.
        StockRejected = "stock.rejected" (key: order_id) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// The SKUs of which there was not enough, and how many there were.
            items: Vec<ReservedItem> = items(2, 1),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `stock.released`: what was held for an order is free again.
        StockReleased = "stock.released" (key: order_id) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its SKUs, and how many of each can be reserved afterwards.
            items: Vec<ReservedItem> = items(2, 12),
            /// Why.
            reason: ReleaseReason = ReleaseReason::Requested,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `stock.overdue`: the lines of an order are held longer than they should be, and go on to be until orders say
        /// what became of it.
        StockOverdue = "stock.overdue" (key: order_id) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `stock.committed`: an order is paid, and its lines are not on hand any more.
        StockCommitted = "stock.committed" (key: order_id) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its SKUs, and how many of each can be reserved afterwards.
            items: Vec<ReservedItem> = items(2, 10),
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
