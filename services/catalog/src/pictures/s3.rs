//! The object store of pictures where it speaks S3: the crate's own protocol and signatures, over the platform's pool of
//! connections.

use std::fmt;
use std::time::Duration;

use http::Uri;
use http::uri::PathAndQuery;
use kit_config::BaseUrl;
use kit_rpc::pool::{Exchange, Pool, PoolSettings, SendError, Upstream};
use kit_runtime::{Secret, Tasks};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpService,
};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use tokio::time::Instant;

/// How often a request is sent again at most: each may be, since what is written under a name never differs.
const MOST_RETRIES: usize = 2;

/// The largest answer, in bytes: more than a picture can have.
const LARGEST: usize = 64 * 1024 * 1024;

/// Where a bucket is, and how to sign.
#[derive(Clone, Debug)]
pub(crate) struct S3Settings {
    pub endpoint: BaseUrl,
    pub bucket: String,
    pub region: String,
    /// Whether the bucket stands in the path, and not before the endpoint's name.
    pub path_style: bool,
    pub key_id: String,
    pub secret: Secret<String>,
    /// How long a picture may take.
    pub time_limit: Duration,
}

impl S3Settings {
    /// The address that objects' names are appended to.
    fn address(&self) -> Result<BaseUrl, kit_config::BaseUrlError> {
        let Self { endpoint, bucket, .. } = self;
        if self.path_style {
            return Ok(endpoint.clone());
        }
        let (scheme, rest) = endpoint.as_str().split_once("://").unwrap_or_default();
        format!("{scheme}://{bucket}.{rest}").parse()
    }
}

/// Opens it; nobody is asked anything yet.
pub(super) fn open(settings: &S3Settings, tasks: Tasks) -> anyhow::Result<AmazonS3> {
    let address = settings.address()?;
    let pool = Pool::new(PoolSettings::default(), tasks);
    let connector = Connector(Connection {
        server: pool.upstream(&address)?,
        // So that what is lost on the way can be sent again.
        patience: settings.time_limit / 2,
    });
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: MOST_RETRIES,
        retry_timeout: settings.time_limit,
    };
    let builder = AmazonS3Builder::new()
        .with_endpoint(address.as_str())
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_access_key_id(&settings.key_id)
        .with_secret_access_key(settings.secret.expose().as_str())
        // Whether it is encrypted is the operator's choice, by the endpoint.
        .with_allow_http(true)
        // Not every server that speaks S3 removes several with one request.
        .with_disable_bulk_delete(true)
        .with_retry(retry)
        .with_http_connector(connector);
    Ok(builder.build()?)
}

/// Gives the store its client.
#[derive(Clone, Debug)]
struct Connector(Connection);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// The pool's connections to the endpoint.
#[derive(Clone)]
struct Connection {
    server: Upstream<HttpRequestBody>,
    /// How long one request may take.
    patience: Duration,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

#[async_trait::async_trait]
impl HttpService for Connection {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // All requests go to one server, whose name is in `Host`, which is signed.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        let bounds = Exchange {
            deadline: Instant::now() + self.patience,
            most_bytes: LARGEST,
        };
        let answer = self.server.exchange(request, bounds).await;
        let answer = answer.map_err(|error| HttpError::new(kind(&error), error))?;
        Ok(answer.map(Into::into))
    }
}

/// By which it is decided whether a request is sent again.
fn kind(error: &SendError) -> HttpErrorKind {
    match error {
        SendError::NotSent(_) => HttpErrorKind::Connect,
        SendError::Unknown(_) => HttpErrorKind::Interrupted,
        SendError::TimedOut => HttpErrorKind::Timeout,
        SendError::AnswerTooLarge => HttpErrorKind::Decode,
        SendError::RequestBody(_) => HttpErrorKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_stands_in_the_path_or_before_the_name() {
        let settings = |path_style| S3Settings {
            endpoint: "https://s3.example.com:9000".parse().unwrap(),
            bucket: "pictures".to_owned(),
            region: "us-east-1".to_owned(),
            path_style,
            key_id: "key".to_owned(),
            secret: Secret::new("secret".to_owned()),
            time_limit: Duration::from_secs(1),
        };
        let address = |path_style| settings(path_style).address().unwrap().as_str().to_owned();
        assert_eq!(address(true), "https://s3.example.com:9000");
        assert_eq!(address(false), "https://pictures.s3.example.com:9000");
    }
}
