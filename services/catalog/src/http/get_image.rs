//! `GET /images/{key}`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalog_api::ImageQuery;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use kit_http::FieldError;
use kit_http::extract::{Path, Query};

use crate::domain::ImageSize;
use crate::service::{CatalogFailure, CatalogService};

/// A year, and not to be asked about (RFC 8246): what is stored under a key never changes.
const KEPT: &str = "public, max-age=31536000, immutable";

pub(super) async fn get_image(
    State(catalog): State<CatalogService>,
    Path(key): Path<String>,
    Query(query): Query<ImageQuery>,
    headers: HeaderMap,
) -> Result<Response, CatalogFailure> {
    let size = ImageSize::parse(query.w).map_err(|message| vec![FieldError::new("/w", message)])?;
    let (media_type, bytes) = catalog.get_image(&key, size).await?;
    let tag = format!("\"{}\"", size.name());
    let is_seen = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|seen| seen.as_bytes() == tag.as_bytes());
    let kept = [(CACHE_CONTROL, KEPT.to_owned()), (ETAG, tag)];
    if is_seen {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((kept, [(CONTENT_TYPE, media_type)], bytes).into_response())
}
