//! A service's own port.

use axum::Router;
use http::{HeaderMap, Request, Response};
use kit_http::server::{ClientAddress, Endpoint, health_reply};
use kit_http::{ReplyBody, RequestBody};
use kit_rpc::InternalKeys;
use kit_runtime::Readiness;

/// What a service serves on a port of its own: its routes, its contract, and the health of its process.
pub struct ServiceEndpoint {
    router: Router,
    readiness: Readiness,
    internal_keys: InternalKeys,
}

impl ServiceEndpoint {
    /// Of a service's public routes and those of its contract.
    pub fn new(routes: Router, internal: Router, readiness: Readiness, internal_keys: InternalKeys) -> Self {
        Self {
            router: Router::new().merge(internal).fallback_service(routes),
            readiness,
            internal_keys,
        }
    }

    /// Whose request a gateway hands on. Only one with the internal key is believed; it wrote the last entry.
    fn forwarded_client(&self, headers: &HeaderMap) -> Option<ClientAddress> {
        let forwarded = headers
            .get("x-forwarded-for")
            .filter(|_| self.internal_keys.admit(headers))?;
        let last = forwarded.to_str().ok()?.rsplit(',').next()?;
        last.trim().parse().ok().map(ClientAddress)
    }
}

impl Endpoint for ServiceEndpoint {
    async fn call(&self, mut request: Request<RequestBody>) -> Response<ReplyBody> {
        if let Some(health) = health_reply(&self.readiness, request.method(), request.uri()).await {
            return health;
        }
        if let Some(client) = self.forwarded_client(request.headers()) {
            request.extensions_mut().insert(client);
        }
        self.router.call(request).await
    }
}
