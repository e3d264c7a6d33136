//! `GET /service`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_service::Call;
use queues_api::QueueServiceView;

use crate::service::{QueuesFailure, QueuesService};

pub(super) async fn get_service(
    State(queues): State<QueuesService>,
    call: Call,
) -> Result<Json<QueueServiceView>, QueuesFailure> {
    queues.get_service(&call).await.map(Json)
}
