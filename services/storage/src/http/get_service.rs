//! `GET /service`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_service::Call;
use storage_api::ServiceView;

use crate::service::{StorageFailure, StorageService};

pub(super) async fn get_service(
    State(storage): State<StorageService>,
    call: Call,
) -> Result<Json<ServiceView>, StorageFailure> {
    storage.get_service(&call).await.map(Json)
}
