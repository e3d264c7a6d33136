//! Listening sockets: the gateway's, those of services on ports of their own, and the admin listener.

use std::net::SocketAddr;

use axum::Router;
use gateway::Gateway;
use http::{Request, Response};
use kit_http::server::{AdminEndpoint, Endpoint, Server, ServerSettings, Stack, health_reply};
use kit_http::{ReplyBody, RequestBody};
use kit_runtime::Readiness;

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
    listening: Vec<Listening>,
}

impl Sockets {
    pub(crate) fn new(node: &Node) -> Self {
        Self {
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
        self.serve(node, "gateway", address, gateway).await
    }

    /// Serves a service on a port of its own.
    pub(crate) async fn service(
        &mut self,
        node: &Node,
        name: &str,
        address: SocketAddr,
        own: OwnPort,
    ) -> anyhow::Result<()> {
        let endpoint = ServiceEndpoint {
            router: Router::new().merge(own.internal).fallback_service(own.routes),
            readiness: node.readiness.clone(),
        };
        self.serve(node, name, address, endpoint).await
    }

    /// Serves metrics and readiness.
    pub(crate) async fn admin(&mut self, node: &Node, address: SocketAddr) -> anyhow::Result<()> {
        let endpoint = AdminEndpoint {
            metrics: node.metrics.clone(),
            readiness: node.readiness.clone(),
        };
        self.serve(node, "admin", address, endpoint).await
    }

    /// Everything that listens.
    pub(crate) fn listening(&self) -> &[Listening] {
        &self.listening
    }

    async fn serve<E: Endpoint>(
        &mut self,
        node: &Node,
        name: &str,
        address: SocketAddr,
        endpoint: E,
    ) -> anyhow::Result<()> {
        let server = Server::bind(address, ServerSettings::default()).await?;
        self.listening.push(Listening {
            name: name.to_owned(),
            address: server.address()?,
        });
        server.serve(endpoint, self.stack.clone(), &node.tasks);
        Ok(())
    }
}

/// A service's own port: its routes, its contract, and the health of its process.
struct ServiceEndpoint {
    router: Router,
    readiness: Readiness,
}

impl Endpoint for ServiceEndpoint {
    async fn call(&self, request: Request<RequestBody>) -> Response<ReplyBody> {
        match health_reply(&self.readiness, request.uri()).await {
            Some(health) => health,
            None => self.router.call(request).await,
        }
    }
}
