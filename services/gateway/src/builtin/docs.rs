//! The page of the API reference, with every asset from the binary.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use http::{HeaderValue, Response};
use kit_http::ReplyBody;
use utoipa_swagger_ui::Config;

const PAGE: &str = include_str!("../../assets/docs.html");

/// Swagger UI styles elements from its script and draws its icons from data URLs; it runs no inline script
/// and talks to this origin alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(super) struct Docs {
    config: Arc<Config<'static>>,
}

impl Docs {
    pub(super) fn new() -> Self {
        let config = Config::from("/openapi.json").use_base_layout();
        Self {
            config: Arc::new(config.validator_url("none")),
        }
    }

    /// Answers `/docs` and everything under it; none for an asset that does not exist.
    pub(super) fn answer(&self, path: &str) -> Option<Response<ReplyBody>> {
        let name = path.strip_prefix("/docs")?.trim_start_matches('/');
        if name.is_empty() {
            let mut page = super::reply(super::HTML, Bytes::from_static(PAGE.as_bytes()));
            page.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
            return Some(page);
        }
        let asset = utoipa_swagger_ui::serve(name, self.config.clone()).ok()??;
        let bytes = match asset.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let mut reply = super::reply(HeaderValue::from_str(&asset.content_type).ok()?, bytes);
        let hour = HeaderValue::from_static("public, max-age=3600");
        reply.headers_mut().insert(CACHE_CONTROL, hour);
        Some(reply)
    }
}
