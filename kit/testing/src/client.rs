//! An HTTP client for stories from outside.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use kit_config::BaseUrl;
use kit_rpc::pool::{Pool, PoolSettings, Upstream};
use kit_runtime::Tasks;
use serde_json::Value;

/// A test that waits this long for an answer waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends requests to one address, with the same headers each time.
#[derive(Clone)]
pub struct Client {
    pool: Pool<Full<Bytes>>,
    base: BaseUrl,
    headers: HeaderMap,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

#[expect(clippy::expect_used, reason = "a test ends where its client cannot go on")]
impl Client {
    /// A client of this address.
    ///
    /// # Panics
    /// Never: a socket's address is a base address.
    #[must_use]
    pub fn new(address: SocketAddr, tasks: Tasks) -> Self {
        let base = format!("http://{address}").parse().expect("a base address");
        Self {
            pool: Pool::new(PoolSettings::default(), tasks),
            base,
            headers: HeaderMap::new(),
        }
    }

    /// The same client with a header more, or another value of it.
    ///
    /// # Panics
    /// When the name or the value cannot stand in a header.
    #[must_use]
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client
            .headers
            .insert(name, value.parse().expect("a header's value"));
        client
    }

    /// The same client, signed in with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// The status of an answer that may not end: its body is not read.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn status(&self, method: Method, path: &str, body: Option<&Value>) -> StatusCode {
        let json = body.map(|_| "application/json");
        let bytes = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let upstream = self.upstream();
        let exchange = upstream.send(self.request(method, path, json, bytes));
        let answer = tokio::time::timeout(PATIENCE, exchange).await;
        answer.expect("an answer in time").expect("an answer").status()
    }

    /// Any method, with a JSON body where there is one.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        match body {
            None => self.send_raw(method, path, None, Bytes::new()).await,
            Some(body) => {
                self.send_raw(method, path, Some("application/json"), body.to_string().into())
                    .await
            }
        }
    }

    /// Any method with any bytes as the body.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Reply {
        let request = self.request(method, path, content_type, body);
        let upstream = self.upstream();
        let exchange = async {
            let response = upstream.send(request).await.expect("an answer");
            let (head, body) = response.into_parts();
            let body = body.collect().await.expect("the whole answer").to_bytes();
            Reply {
                status: head.status,
                headers: head.headers,
                body,
            }
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .expect("an answer in time")
    }

    fn upstream(&self) -> Upstream<Full<Bytes>> {
        let upstream = self.pool.upstream(&self.base);
        upstream.expect("plain HTTP needs no certificates")
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.base.authority());
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let mut request = request.body(Full::new(body)).expect("a request");
        request.headers_mut().extend(self.headers.clone());
        request
    }
}

impl Reply {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's text, empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Asserts the status, and gives the JSON body.
    ///
    /// # Panics
    /// With the whole answer, when the status is another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self.json()
    }

    /// Asserts that it is a refusal in the one error shape, with this message.
    ///
    /// # Panics
    /// When anything of that does not hold.
    #[track_caller]
    pub fn expect_error(&self, status: u16, message: &str) {
        let body = self.expect(status);
        assert_eq!(body["status"], status.to_string(), "{body}");
        assert_eq!(body["message"], message, "{body}");
        assert!(body["code"].is_string(), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        if status == 401 {
            assert_eq!(self.header("www-authenticate"), "Bearer");
        }
    }
}
