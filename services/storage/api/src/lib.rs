//! What others may know of storage: its public routes and the types that go through them.
//!
//! No service calls it by a contract: subscriptions asks for what is paid by the protocol of adapters, as it asks any
//! other. It publishes no events, since what becomes of a service is told by subscriptions.

mod refusal;
mod routes;
mod types;

pub use refusal::StorageRefusal;
pub use routes::routes;
pub use subscriptions_api::{PurchasePlan, PurchaseView, ServiceStatus};
pub use types::{
    CreatePlan, CredentialsView, MOST_FEATURES, ObjectFilter, ObjectView, PlanDescription, PlanFeature,
    PlanName, PlanView, PresignMethod, PresignRequest, PresignedView, ServiceView, UpdatePlan, UsageView,
};
