//! Listening sockets: the gateway's, those of services on ports of their own, and the admin listener.

use std::net::SocketAddr;

use kit_http::server::{AdminEndpoint, Server, ServerSettings, Stack};
use kit_service::{Hosted, Listener, ServiceEndpoint};
use kit_telemetry::Tracer;

use crate::node::Node;

/// A socket that answers.
#[derive(Clone, Debug)]
pub(crate) struct BoundSocket {
    /// The name of the service that answers on the socket.
    pub name: String,
    /// The address to which the socket is bound.
    pub address: SocketAddr,
}

/// Sockets that are bound but do not answer yet: everything that can fail comes before anything is served.
pub(crate) struct Sockets {
    stack: Stack,
    tracer: Tracer,
    bound: Vec<BoundSocket>,
}

impl Sockets {
    pub(crate) fn new(node: &Node) -> Self {
        Self {
            tracer: node.tracer.clone(),
            stack: Stack::new(node.ids.clone(), &node.metrics),
            bound: Vec::new(),
        }
    }

    /// Serves a service that was built here.
    pub(crate) async fn service(
        &mut self,
        node: &Node,
        name: &'static str,
        address: SocketAddr,
        built: Hosted<()>,
    ) -> anyhow::Result<()> {
        let stack = self.stack.traced(self.tracer.clone(), name);
        let listener = built.listener.unwrap_or_else(|| {
            let (readiness, keys) = (node.readiness.clone(), node.internal_keys.clone());
            Listener::of(ServiceEndpoint::new(
                built.routes,
                built.internal,
                readiness,
                keys,
            ))
        });
        self.serve(node, (name, stack), address, listener).await
    }

    /// Serves metrics and readiness. Nobody traces those.
    pub(crate) async fn admin(&mut self, node: &Node, address: SocketAddr) -> anyhow::Result<()> {
        let endpoint = AdminEndpoint {
            metrics: node.metrics.clone(),
            readiness: node.readiness.clone(),
        };
        let stack = self.stack.clone();
        self.serve(node, ("admin", stack), address, Listener::of(endpoint))
            .await
    }

    /// Everything that listens.
    pub(crate) fn bound(&self) -> &[BoundSocket] {
        &self.bound
    }

    async fn serve(
        &mut self,
        node: &Node,
        (name, stack): (&str, Stack),
        address: SocketAddr,
        listener: Listener,
    ) -> anyhow::Result<()> {
        let server = Server::bind(address, ServerSettings::default()).await?;
        self.bound.push(BoundSocket {
            name: name.to_owned(),
            address: server.address()?,
        });
        listener.serve(server, stack, &node.tasks);
        Ok(())
    }
}
