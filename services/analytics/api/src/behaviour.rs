//! The JSON of what visitors do in a shop, and of what is made of it.

use kit_runtime::Timestamp;
use kit_values::{Currency, Money, Quantity, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A guest, by the name that analytics gave with the answer to their first `POST /track`.
    pub struct AnonymousId("anon_");
}

words! {
    /// What a visitor did.
    pub enum TrackedKind {
        /// Looked at any page.
        PageViewed = "page_viewed",
        /// Looked at a product.
        ProductViewed = "product_viewed",
        /// Put a product into the cart.
        AddedToCart = "added_to_cart",
        /// Went to the checkout.
        CheckoutStarted = "checkout_started",
        /// Ordered a product; one event for each product of an order.
        ProductOrdered = "product_ordered",
    }
}

/// `POST /track`: what one visitor did.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// Which guest it was. A guest who has none yet gets one in the answer. With a token the user counts, and
    /// what they did as this guest before is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<AnonymousId>,
    /// 1 to 100 events, in any order.
    pub events: Vec<TrackedEvent>,
}

/// One thing that a visitor did.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackedEvent {
    /// What the visitor did.
    pub r#type: TrackedKind,
    /// Which product, for the types that have one: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// How many of it, 1 to 999; 1 where it is not given. Not for views.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Quantity>")]
    pub quantity: Option<u32>,
    /// When, at most a day ago and at most five minutes ahead; now where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// The answer to `POST /track`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Tracked {
    /// How many events were counted: all of them.
    pub accepted: u64,
    /// What a guest sends along from now on; null with a token.
    pub anonymous_id: Option<AnonymousId>,
}

/// The query of `GET /stats/funnel`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanQuery {
    /// Since which day (UTC) this moment belongs to; 30 days before `to` where it is not given.
    pub from: Option<Timestamp>,
    /// Until which day, itself included where it has begun by then; now where it is not given.
    pub to: Option<Timestamp>,
}

/// What products are ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// How often they were looked at.
    #[default]
    Viewed,
    /// How many were put into carts.
    Added,
    /// How many visitors ordered, as browsers tracked it.
    Ordered,
    /// How many were sold, as orders have it.
    Sold,
    /// What they brought in, in one currency.
    Revenue,
}

/// The query of `GET /stats/top-products`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankQuery {
    /// What comes first; `viewed` where it is not given.
    #[serde(default)]
    pub by: RankBy,
    /// How many products, 1 to 100; 10 where it is not given.
    pub limit: Option<u32>,
    /// Since which day (UTC) this moment belongs to; 30 days before `to` where it is not given.
    pub from: Option<Timestamp>,
    /// Until which day, itself included where it has begun by then; now where it is not given.
    pub to: Option<Timestamp>,
    /// The currency of the revenue; the one of most paid orders where it is not given, and `USD` where there are
    /// none.
    pub currency: Option<Currency>,
}

/// The products that most was done with. Products with nothing of what they are ranked by are left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TopProducts {
    /// The count by which the products are ranked.
    pub by: RankBy,
    /// The start of the first day.
    pub from: Timestamp,
    /// The end of the last day.
    pub to: Timestamp,
    /// The most first; where there are as many, by SKU.
    pub items: Vec<ProductStats>,
}

/// What visitors did with one product, and what was sold of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ProductStats {
    /// The SKU of the product.
    pub sku: String,
    /// How often the product was viewed.
    pub viewed: u64,
    /// How many were put into carts.
    pub added: u64,
    /// How many visitors ordered, as browsers tracked it.
    pub ordered: u64,
    /// How many were in orders that were paid, less those in orders cancelled afterwards and those refunded by line
    /// or with the whole order, each on the day it happened; so less than 0 where more came back than went. In
    /// whichever currency.
    pub sold: i64,
    /// What those came to in one currency, at the prices of their orders. A refund of an amount alone is no
    /// product's.
    pub revenue: Money,
}

/// How far visitors came.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Funnel {
    /// The start of the first day.
    pub from: Timestamp,
    /// The end of the last day.
    pub to: Timestamp,
    /// From the entrance on; each counts those who did it and everything before it within the days.
    pub steps: Vec<FunnelStep>,
    /// How far the orders came that were placed within the days: `created`, `confirmed`, `paid`. Counted from what
    /// orders publish, so exact, of whoever allows no tracking too, and however late they came so far.
    pub orders: Vec<OrderFunnelStep>,
}

/// One step of a funnel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct FunnelStep {
    /// `visited` for whatever they did, or a type of tracked events.
    pub step: String,
    /// The number of visitors who reached this step.
    pub visitors: u64,
}

/// One step of the funnel of orders.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrderFunnelStep {
    /// `created`, `confirmed` or `paid`.
    pub step: String,
    /// The number of orders that reached this step.
    pub orders: u64,
}
