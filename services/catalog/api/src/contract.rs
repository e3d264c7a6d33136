//! What other services may ask of catalog.
//!
//! A command about a reservation answers how far the reservation is afterwards, whether it was this command that
//! brought it there or not: each may be sent again, and none fails because another came first. The caller goes by
//! the status.

use orders_api::OrderId;
use std::collections::BTreeMap;

use kit_rpc::CallError;
use kit_values::{Money, Sku, Slug};
use serde::{Deserialize, Serialize};

use crate::{CatalogRefusal, OrderLine, ProductId, ReservationView};

/// For how many SKUs other services ask at once, at most.
pub const MOST_SKUS: usize = 200;

kit_rpc::contract! {
    /// What other services may ask of catalog.
    pub trait Catalog("catalog"), client CatalogClient, error CatalogError {
        /// Prices, names and availability of up to [`MOST_SKUS`] SKUs.
        query get_items(GetItems) -> Items;
        /// What is held for an order, or was.
        query find_reservation(FindReservation) -> Option<ReservationView>;
        /// Holds all lines of an order, or none. Asked again it answers as it did; what was released stays released.
        command reserve_stock(ReserveStock) -> ReservationView;
        /// Lets go of what is held for an order that is not paid, now and for ever.
        command release_stock(ReleaseStock) -> ReservationView;
        /// Takes what is held for an order off the stock, because it is paid.
        command commit_stock(CommitStock) -> ReservationView;
        /// Puts what a paid order took back on hand.
        command restock(Restock) -> ReservationView;
    }
}

/// Why catalog did not do what another service asked.
pub type CatalogError = CallError<CatalogRefusal>;

/// Asks what is known of SKUs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct GetItems {
    /// At most [`MOST_SKUS`] of them; one that is named twice counts twice.
    pub skus: Vec<Sku>,
}

/// What is known of SKUs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Items {
    /// One for each SKU that was asked for, in the order of the SKUs. One that there never was is left out.
    pub items: Vec<Item>,
}

/// An article, at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Item {
    /// The SKU, as the catalog writes it.
    pub sku: Sku,
    /// The product of which it is a variant.
    pub product_id: ProductId,
    /// The product's slug.
    pub slug: Slug,
    /// The product's name.
    pub name: String,
    /// What tells the variant from others of the product, such as `size`.
    pub options: BTreeMap<String, String>,
    /// Where the product's first picture is: a path of the gateway.
    pub image_url: Option<String>,
    /// The price of one.
    pub price: Money,
    /// How many can be reserved.
    pub available: i64,
    /// Whether it can be bought at all: its product is active, and the variant still belongs to it.
    pub is_offered: bool,
}

/// Asks for the reservation of an order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FindReservation {
    /// The order.
    pub order_id: OrderId,
}

/// Asks to hold stock for an order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReserveStock {
    /// The order; it has one reservation for ever.
    pub order_id: OrderId,
    /// 1 to [`MOST_SKUS`] lines. Those of the same SKU are added up.
    pub lines: Vec<OrderLine>,
}

/// Asks to let go of what is held for an order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReleaseStock {
    /// The order.
    pub order_id: OrderId,
}

/// Says that an order is paid.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CommitStock {
    /// The order.
    pub order_id: OrderId,
}

/// Says that a paid order was given up before it was sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Restock {
    /// The order.
    pub order_id: OrderId,
}
