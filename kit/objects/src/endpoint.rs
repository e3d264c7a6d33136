//! The store behind a listener of the project.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use kit_http::server::Endpoint;
use kit_http::{ReplyBody, RequestBody};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::domain::check_bucket_name;
use crate::s3::{Access, Operations};

/// The largest body that is a document, in bytes: a thousand long keys to be deleted, or ten thousand parts with their
/// checksums.
const MOST_XML: usize = 8 * 1024 * 1024;

/// Answers requests of S3, addressed by path (`/bucket/key`). A cheap handle.
///
/// It is an endpoint of [`kit_http::server::Server`], which has the limits of the socket, and a `tower` service by
/// [`S3Endpoint::into_service`].
#[derive(Clone, Debug)]
pub struct S3Endpoint {
    service: S3Service,
}

impl S3Endpoint {
    pub(crate) fn new(operations: Operations, form_limit: u64) -> Self {
        let access = Access {
            objects: operations.objects.clone(),
        };
        let mut config = S3Config::default();
        config.post_object_max_file_size = form_limit;
        config.xml_max_body_size = MOST_XML;
        config.form_max_field_size = 64 * 1024;
        config.form_max_fields_size = 256 * 1024;
        let mut builder = S3ServiceBuilder::new(operations);
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        builder.set_auth(access.clone());
        builder.set_access(access);
        builder.set_validation(BucketNames);
        Self {
            service: builder.build(),
        }
    }

    /// The `tower` and `hyper` service itself, for another server.
    pub fn into_service(self) -> S3Service {
        self.service
    }
}

impl Endpoint for S3Endpoint {
    async fn call(&self, request: Request<RequestBody>) -> Response<ReplyBody> {
        if let Some(refused) = refuse(request.method(), request.headers()) {
            return refused;
        }
        let request = request.map(s3s::Body::http_body_unsync);
        match self.service.call(request).await {
            Ok(response) => response.map(|body| ReplyBody::Hosted(axum::body::Body::new(body))),
            Err(error) => {
                tracing::error!(?error, "a request of S3 has no answer");
                let mut response = Response::new(ReplyBody::empty());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }
}

/// What `s3s` would call a failure of ours.
fn refuse(method: &Method, headers: &HeaderMap) -> Option<Response<ReplyBody>> {
    if method == Method::OPTIONS {
        let why = "pages of other origins may not ask";
        return Some(error(StatusCode::FORBIDDEN, "AccessForbidden", why));
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let is_form = text(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if method == Method::POST && !is_form && length.is_some_and(|length| length > MOST_XML) {
        let why = "the document is larger than 8 MiB";
        return Some(error(StatusCode::BAD_REQUEST, "MaxMessageLengthExceeded", why));
    }
    None
}

fn error(status: StatusCode, code: &str, why: &str) -> Response<ReplyBody> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{why}</Message></Error>"
    );
    let mut response = Response::new(ReplyBody::Hosted(axum::body::Body::from(text)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/xml");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The names that buckets can have here, so that others are refused as such.
struct BucketNames;

impl s3s::validation::NameValidation for BucketNames {
    fn validate_bucket_name(&self, name: &str) -> bool {
        check_bucket_name(name).is_ok()
    }
}
