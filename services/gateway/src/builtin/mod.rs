//! What the gateway answers by itself: the health document, the page for browsers, liveness and
//! readiness, and the API reference with everything it loads.
//!
//! All texts are made once, when the gateway is built. The page is a plain one without scripts.

mod docs;
mod greeting;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Method, Response, Uri};
use kit_http::server::health_reply;
use kit_http::{ApiError, ReplyBody};
use kit_runtime::Readiness;

use crate::mount::Mounted;
use crate::table::{BuiltIn, RouteLine};
use docs::Docs;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const OPENAPI: &str = include_str!("../../../../openapi/stoa.json");

/// Paths under which nothing is ever the browser's page.
const NEVER_A_PAGE: [&str; 8] = [
    "api",
    "auth",
    "payment",
    "analytics",
    "storage",
    "docs",
    ".well-known",
    "metrics",
];

/// The gateway's own answers.
pub(crate) struct BuiltIns {
    greeting: Bytes,
    page: Bytes,
    docs: Docs,
    readiness: Readiness,
}

impl BuiltIns {
    pub(crate) fn new(services: &[Mounted<'_>], lines: &[RouteLine], readiness: Readiness) -> Self {
        Self {
            greeting: Bytes::from(greeting::document(services).to_string()),
            page: Bytes::from(greeting::page(lines)),
            docs: Docs::new(),
            readiness,
        }
    }

    /// Answers one of the gateway's own routes.
    pub(crate) async fn answer(&self, which: BuiltIn, uri: &Uri, headers: &HeaderMap) -> Response<ReplyBody> {
        match which {
            BuiltIn::Root if names_html(headers) => self.page(),
            BuiltIn::Root => {
                let mut reply = reply(JSON, self.greeting.clone());
                reply
                    .headers_mut()
                    .insert(VARY, HeaderValue::from_static("Accept"));
                reply
            }
            BuiltIn::Health => health_reply(&self.readiness, &Method::GET, uri)
                .await
                .unwrap_or_else(nothing_here),
            BuiltIn::OpenApi => reply(JSON, Bytes::from_static(OPENAPI.as_bytes())),
            BuiltIn::Docs => self.docs.answer(uri.path()).unwrap_or_else(nothing_here),
        }
    }

    /// What a browser gets.
    pub(crate) fn page(&self) -> Response<ReplyBody> {
        let mut reply = reply(HTML, self.page.clone());
        let headers = reply.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        headers.insert("referrer-policy", HeaderValue::from_static("same-origin"));
        reply
    }
}

fn reply(content_type: HeaderValue, body: Bytes) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn nothing_here() -> Response<ReplyBody> {
    ApiError::not_found("there is nothing at this path").into_reply()
}

/// Whether what no route knows is answered with the page: a browser asks, for no file and no address of ours.
pub(crate) fn wants_page(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let reads = method == Method::GET || method == Method::HEAD;
    reads && names_html(headers) && may_be_a_page(path)
}

/// Whether the client names HTML; `*/*` is what programs send.
fn names_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|range| range.trim().eq_ignore_ascii_case("text/html"))
}

/// An address of the web client: not one of ours, and no file.
fn may_be_a_page(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let reserved = segments.next().is_some_and(|first| NEVER_A_PAGE.contains(&first));
    let last = path.rsplit('/').next().unwrap_or_default();
    !reserved && !last.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_who_names_html() {
        for (accept, page) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, Text/HTML;q=0.5", true),
            ("*/*", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(names_html(&headers), page, "{accept}");
        }
        assert!(!names_html(&HeaderMap::new()));
    }

    #[test]
    fn an_address_of_ours_or_a_file_is_never_the_page() {
        for path in ["/shop", "/orders/7", "/", "/apis", "/a.b/c"] {
            assert!(may_be_a_page(path), "{path}");
        }
        for path in [
            "/api/x",
            "/api",
            "/auth/x",
            "/storage",
            "/docs/x",
            "/.well-known/x",
            "/favicon.ico",
        ] {
            assert!(!may_be_a_page(path), "{path}");
        }
    }

    #[test]
    fn the_embedded_document_is_openapi() {
        let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
    }
}
