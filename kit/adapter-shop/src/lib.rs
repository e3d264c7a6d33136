//! A shop around an adapter: plans, their purchase, and a row for each thing that is provisioned.
//!
//! A service that users subscribe to is a shop and an adapter at once, and what is sold makes no difference to most of
//! that: plans are kept by admins, a purchase is written down before subscriptions is asked for it, a service is a row
//! before it is anything else. It is here, once. What a service has of its own are its [`Goods`]: the terms of its
//! plans, what names its keys, and its words for others; and the adapter's steps, by which something is made.
//!
//! Always true: what is asked of subscriptions was written down before, under an identifier that the same idempotency
//! key finds again; a service has the terms that were sold, whatever becomes of the plan; no secret is in the tables.
//!
//! The kit knows no contract, so how subscriptions is asked is a method of [`Goods`], and the JSON of plans belongs to
//! the service's own. A service whose tables are older than this crate names its columns ([`Goods::TERMS`],
//! [`Goods::RESOURCE`], [`Goods::KEYS`]); any other has [`TABLES`].

mod goods;
pub mod http;
mod names;
mod plan;
mod provisioned;
mod purchase;
mod shop;
mod step;
mod store;

pub use goods::{ColumnValue, Goods, PlanOf, ProvisionedOf, PurchaseOf, ShopRefusal};
pub use names::{is_resource_name, key_name, secret};
pub use plan::{
    MOST_FEATURES, Plan, PlanChange, PlanDescription, PlanEdit, PlanFeature, PlanName, SpokenPlan,
};
pub use provisioned::{Provisioned, ServiceState};
pub use purchase::Purchase;
pub use shop::{NotBegun, SHOWN_LIMIT, Shop, ShopDeps};
pub use step::StepError;
pub use store::{ENDED_BY_USE, INVARIANTS, SOLD_BY_PLAN, TABLES, provisioned};
