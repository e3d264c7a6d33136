//! What others may know of subscriptions: its public routes, the types that go through them, the events it tells,
//! the contract that other services call, and what those have in common that sell what is subscribed to.

mod contract;
mod events;
mod invoices;
mod refusal;
mod requests;
mod routes;
mod shops;
mod types;

pub use contract::{
    CreateSubscription, FindSubscription, SubscribedPlan, SubscriptionPurchase, Subscriptions,
    SubscriptionsClient, SubscriptionsError,
};
pub use events::{
    InvoiceIssued, InvoicePaid, InvoiceVoided, ServiceDeprovisioned, ServiceProvisioned, ServiceResumed,
    ServiceSuspended, SubscriptionActivated, SubscriptionCancelled, SubscriptionCreated, SubscriptionExpired,
    SubscriptionPastDue, SubscriptionRenewed, TOPICS, events,
};
pub use invoices::{
    CallbackQuery, CallbackReceived, CheckoutInvoice, InvoiceCallback, InvoiceCallbackData, InvoiceCheckout,
    InvoiceLineView, InvoiceNumber, InvoiceStatus, InvoiceView,
};
pub use refusal::SubscriptionsRefusal;
pub use requests::{AdapterHealth, AdapterPlace, AdapterView, CancelSubscription, SubscriptionFilter};
pub use routes::routes;
pub use shops::{NotSold, PurchasePlan, PurchaseView, ServiceStatus};
pub use types::{
    AdapterName, EndReason, InvoiceId, Period, ProvisioningStatus, SubscriptionId, SubscriptionStatus,
    SubscriptionView,
};
