//! `POST /payments/{id}/checkout`.

use axum::extract::State;
use kit_http::Holder;
use kit_http::extract::{OptionalJson, Path};
use kit_service::{Call, JsonAnswer};
use orders_api::PaymentId;
use payments_api::{CheckoutView, OpenCheckout};

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn open_checkout(
    State(payments): State<PaymentsService>,
    call: Call<Holder>,
    Path(id): Path<PaymentId>,
    OptionalJson(request): OptionalJson<OpenCheckout>,
) -> Result<JsonAnswer<CheckoutView>, PaymentsFailure> {
    payments.open_checkout(&call, id, request).await
}
