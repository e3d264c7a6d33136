//! What others may know of queues: its public routes and the types that go through them.
//!
//! No service calls it by a contract: subscriptions asks for what is paid by the protocol of adapters, as it asks any
//! other. It publishes no events, since what becomes of a service is told by subscriptions.

mod refusal;
mod routes;
mod types;

pub use refusal::QueuesRefusal;
pub use routes::routes;
pub use subscriptions_api::{PurchasePlan, PurchaseView, ServiceStatus};
pub use types::{
    CreateQueuePlan, MOST_CONNECTIONS, MOST_QUEUE_BYTES, MOST_QUEUES, QueueCredentialsView, QueuePlanView,
    QueueServiceView, QueueUsageView, UpdateQueuePlan,
};
