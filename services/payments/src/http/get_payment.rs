//! `GET /payments/{id}`.

use axum::extract::State;
use kit_http::Holder;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use orders_api::PaymentId;
use payments_api::PaymentView;

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn get_payment(
    State(payments): State<PaymentsService>,
    call: Call<Holder>,
    Path(id): Path<PaymentId>,
) -> Result<Json<PaymentView>, PaymentsFailure> {
    payments.get_payment(&call, id).await.map(Json)
}
