//! `POST /service/presign`.

use axum::extract::State;
use http::HeaderName;
use kit_adapter_shop::http::NOT_KEPT;
use kit_http::extract::Json;
use kit_service::Call;
use storage_api::{PresignRequest, PresignedView};

use crate::service::{StorageFailure, StorageService};

pub(super) async fn presign_object(
    State(storage): State<StorageService>,
    call: Call,
    Json(request): Json<PresignRequest>,
) -> Result<([(HeaderName, &'static str); 1], Json<PresignedView>), StorageFailure> {
    let presigned = storage.presign(&call, &request).await?;
    Ok((NOT_KEPT, Json(presigned)))
}
