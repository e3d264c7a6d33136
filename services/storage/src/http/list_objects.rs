//! `GET /service/objects`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::FilteredPage;
use kit_service::Call;
use storage_api::ObjectFilter;

use crate::service::{StorageFailure, StorageService};

pub(super) async fn list_objects(
    State(storage): State<StorageService>,
    call: Call,
    request: FilteredPage<ObjectFilter>,
) -> Result<Response, StorageFailure> {
    let page = storage.list_objects(&call, &request).await?;
    Ok(page.reply(&request.page))
}
