//! `POST /service/credentials/rotate`.

use axum::extract::State;
use http::HeaderName;
use kit_adapter_shop::http::NOT_KEPT;
use kit_http::extract::Json;
use kit_service::Call;
use storage_api::CredentialsView;

use crate::service::{StorageFailure, StorageService};

pub(super) async fn rotate_credentials(
    State(storage): State<StorageService>,
    call: Call,
) -> Result<([(HeaderName, &'static str); 1], Json<CredentialsView>), StorageFailure> {
    let credentials = storage.rotate(&call).await?;
    Ok((NOT_KEPT, Json(credentials)))
}
