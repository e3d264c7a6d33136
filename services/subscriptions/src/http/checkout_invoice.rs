//! `POST /invoices/{id}/checkout`.

use axum::extract::State;
use kit_http::extract::{OptionalJson, Path};
use kit_service::{Call, JsonAnswer};
use subscriptions_api::{CheckoutInvoice, InvoiceCheckout, InvoiceId};

use crate::service::{SubscriptionsFailure, SubscriptionsService};

pub(super) async fn checkout_invoice(
    State(subscriptions): State<SubscriptionsService>,
    call: Call,
    Path(id): Path<InvoiceId>,
    OptionalJson(request): OptionalJson<CheckoutInvoice>,
) -> Result<JsonAnswer<InvoiceCheckout>, SubscriptionsFailure> {
    subscriptions.checkout_invoice(&call, id, request).await
}
