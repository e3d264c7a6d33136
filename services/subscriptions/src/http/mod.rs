//! Subscriptions' public routes, one endpoint a file.

mod cancel_subscription;
mod checkout_invoice;
mod get_invoice;
mod get_subscription;
mod list_adapters;
mod list_all_subscriptions;
mod list_invoices;
mod list_subscriptions;
mod page;
mod receive_callback;
mod resume_subscription;

use axum::Router;
use axum::extract::FromRef;
use kit_http::{Guard, Handlers, HandlersError};

use crate::service::SubscriptionsService;

pub(crate) use page::InvoicePage;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct HttpState {
    pub(crate) service: SubscriptionsService,
    /// How an invoice looks that is printed.
    pub(crate) page: InvoicePage,
}

impl FromRef<HttpState> for SubscriptionsService {
    fn from_ref(state: &HttpState) -> Self {
        state.service.clone()
    }
}

impl FromRef<HttpState> for InvoicePage {
    fn from_ref(state: &HttpState) -> Self {
        state.page.clone()
    }
}

pub(crate) fn router(state: HttpState, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(subscriptions_api::routes(), guard)
        .on("list_subscriptions", list_subscriptions::list_subscriptions)
        .on("get_subscription", get_subscription::get_subscription)
        .on("cancel_subscription", cancel_subscription::cancel_subscription)
        .on("resume_subscription", resume_subscription::resume_subscription)
        .on("list_invoices", list_invoices::list_invoices)
        .on("get_invoice", get_invoice::get_invoice)
        .on("checkout_invoice", checkout_invoice::checkout_invoice)
        .on("receive_invoice_callback", receive_callback::receive_callback)
        .on(
            "list_all_subscriptions",
            list_all_subscriptions::list_all_subscriptions,
        )
        .on("list_adapters", list_adapters::list_adapters)
        .finish(state)
}
