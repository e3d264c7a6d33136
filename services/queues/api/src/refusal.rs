//! What queues refuses.

use kit_values::Sku;

use crate::ServiceStatus;

kit_http::refusals! {
    /// What queues refuses, beside what every service does.
    pub enum QueuesRefusal("Queue") {
        /// Another plan has the SKU, perhaps a retired one.
        SkuTaken {
            /// The SKU.
            sku: Sku,
        } = CONFLICT, "sku_taken", "there is a plan `{sku}` already";
        /// Nobody may begin with the plan any more.
        PlanRetired = CONFLICT, "plan_retired", "the plan is not sold any more";
        /// The user has a service, or a purchase of one that is not paid yet.
        ServiceExists = CONFLICT, "service_exists", "there is a service already";
        /// The purchase was begun before, and is paid or over.
        PurchaseClosed = CONFLICT, "purchase_closed", "the purchase can no longer be paid";
        /// The service cannot be used now.
        ServiceNotActive {
            /// How it stands.
            status: ServiceStatus,
        } = CONFLICT, "service_not_active", "the service cannot be used, it is {status}";
    }
}
