//! The server that owns the socket: it drives hyper directly and puts the one layer stack before whatever
//! answers.

mod admin;
mod health;
mod line;
mod listen;
mod network;
pub mod span;
mod stack;

use std::borrow::Cow;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{Request, Response};
use tower::Service;

use crate::{ReplyBody, RequestBody};

pub use admin::AdminEndpoint;
pub use health::health_reply;
pub use listen::{Server, ServerSettings};
pub use network::ClientNetwork;
pub use stack::Stack;

/// Whatever answers requests behind the stack: a service's router, or the gateway.
pub trait Endpoint: Send + Sync + 'static {
    /// Answers one request. A refusal is an [`crate::ApiError`] turned by `into_reply`.
    fn call(&self, request: Request<RequestBody>) -> impl Future<Output = Response<ReplyBody>> + Send;
}

impl<E: Endpoint> Endpoint for Arc<E> {
    fn call(&self, request: Request<RequestBody>) -> impl Future<Output = Response<ReplyBody>> + Send {
        E::call(self, request)
    }
}

/// A service's router as an endpoint.
impl Endpoint for axum::Router {
    async fn call(&self, request: Request<RequestBody>) -> Response<ReplyBody> {
        let request = request.map(axum::body::Body::new);
        let Ok(response) = Service::call(&mut self.clone(), request).await;
        response.map(ReplyBody::Hosted)
    }
}

/// The request's identifier, in the extensions of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// The other end of the connection, in the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// Where a request began, as far as it can be known: what the proxies before the gateway say, if they are
/// listed, or else the other end of the gateway's connection. In the extensions of requests that a gateway
/// hands to a service in its process; nobody can send one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Which route answered, in the extensions of a response; the stack counts by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteLabel {
    /// The service.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
}

/// The pattern that a request's path was found by, in the extensions of a response; spans are named by it. Only
/// there where the request is traced: a [`kit_telemetry::Tracer`] among its extensions says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePattern(pub Cow<'static, str>);
