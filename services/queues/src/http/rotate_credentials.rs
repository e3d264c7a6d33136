//! `POST /service/credentials/rotate`.

use axum::extract::State;
use http::HeaderName;
use kit_adapter_shop::http::NOT_KEPT;
use kit_http::extract::Json;
use kit_service::Call;
use queues_api::QueueCredentialsView;

use crate::service::{QueuesFailure, QueuesService};

pub(super) async fn rotate_credentials(
    State(queues): State<QueuesService>,
    call: Call,
) -> Result<([(HeaderName, &'static str); 1], Json<QueueCredentialsView>), QueuesFailure> {
    let credentials = queues.rotate(&call).await?;
    Ok((NOT_KEPT, Json(credentials)))
}
