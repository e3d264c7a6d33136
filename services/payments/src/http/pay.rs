//! `POST /pay`.

use axum::extract::State;
use kit_http::Holder;
use kit_http::extract::OptionalJson;
use kit_service::{Call, JsonAnswer};
use payments_api::PayRequest;

use crate::service::{PayAnswer, PaymentsFailure, PaymentsService};

pub(super) async fn pay(
    State(payments): State<PaymentsService>,
    call: Call<Holder>,
    OptionalJson(request): OptionalJson<PayRequest>,
) -> Result<JsonAnswer<PayAnswer>, PaymentsFailure> {
    payments.pay(&call, request).await
}
