//! Listening sockets: the gateway's, those of services on ports of their own, and the admin listener.

use std::net::SocketAddr;

use axum::Router;
use gateway::Gateway;
use http::{HeaderMap, Request, Response};
use kit_http::server::{AdminEndpoint, ClientAddress, Endpoint, Server, ServerSettings, Stack, health_reply};
use kit_http::{ReplyBody, RequestBody};
use kit_rpc::InternalKeys;
use kit_runtime::Readiness;
use kit_telemetry::Tracer;

use crate::node::{Node, OwnPort};

/// A socket that answers.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    /// Who answers there.
    pub name: String,
    /// Where.
    pub address: SocketAddr,
}

/// Sockets that are bound but do not answer yet: everything that can fail comes before anything is served.
pub(crate) struct Sockets {
    stack: Stack,
    tracer: Tracer,
    listening: Vec<Listening>,
}

impl Sockets {
    pub(crate) fn new(node: &Node) -> Self {
        Self {
            tracer: node.tracer.clone(),
            stack: Stack::new(node.ids.clone(), &node.metrics),
            listening: Vec::new(),
        }
    }

    /// Serves the gateway.
    pub(crate) async fn gateway(
        &mut self,
        node: &Node,
        address: SocketAddr,
        gateway: Gateway,
    ) -> anyhow::Result<()> {
        let stack = self.stack.traced(self.tracer.clone(), "gateway");
        self.serve(node, ("gateway", stack), address, gateway).await
    }

    /// Serves a service on a port of its own.
    pub(crate) async fn service(
        &mut self,
        node: &Node,
        name: &'static str,
        address: SocketAddr,
        own: OwnPort,
    ) -> anyhow::Result<()> {
        let endpoint = ServiceEndpoint {
            router: Router::new().merge(own.internal).fallback_service(own.routes),
            readiness: node.readiness.clone(),
            internal_keys: node.internal_keys.clone(),
        };
        let stack = self.stack.traced(self.tracer.clone(), name);
        self.serve(node, (name, stack), address, endpoint).await
    }

    /// Serves metrics and readiness. Nobody traces those.
    pub(crate) async fn admin(&mut self, node: &Node, address: SocketAddr) -> anyhow::Result<()> {
        let endpoint = AdminEndpoint {
            metrics: node.metrics.clone(),
            readiness: node.readiness.clone(),
        };
        let stack = self.stack.clone();
        self.serve(node, ("admin", stack), address, endpoint).await
    }

    /// Everything that listens.
    pub(crate) fn listening(&self) -> &[Listening] {
        &self.listening
    }

    async fn serve<E: Endpoint>(
        &mut self,
        node: &Node,
        (name, stack): (&str, Stack),
        address: SocketAddr,
        endpoint: E,
    ) -> anyhow::Result<()> {
        let server = Server::bind(address, ServerSettings::default()).await?;
        self.listening.push(Listening {
            name: name.to_owned(),
            address: server.address()?,
        });
        server.serve(endpoint, stack, &node.tasks);
        Ok(())
    }
}

/// A service's own port: its routes, its contract, and the health of its process.
struct ServiceEndpoint {
    router: Router,
    readiness: Readiness,
    internal_keys: InternalKeys,
}

impl ServiceEndpoint {
    /// Whose request a gateway hands on. Only one with the internal key is believed; it wrote the last entry.
    fn told_client(&self, headers: &HeaderMap) -> Option<ClientAddress> {
        let told = headers
            .get("x-forwarded-for")
            .filter(|_| self.internal_keys.admit(headers))?;
        let last = told.to_str().ok()?.rsplit(',').next()?;
        last.trim().parse().ok().map(ClientAddress)
    }
}

impl Endpoint for ServiceEndpoint {
    async fn call(&self, mut request: Request<RequestBody>) -> Response<ReplyBody> {
        if let Some(health) = health_reply(&self.readiness, request.uri()).await {
            return health;
        }
        if let Some(client) = self.told_client(request.headers()) {
            request.extensions_mut().insert(client);
        }
        self.router.call(request).await
    }
}
