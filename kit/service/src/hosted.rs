//! What a service gives to the process that hosts it.

use axum::Router;
use kit_http::server::{Endpoint, Server, Stack};
use kit_runtime::{Secret, Tasks};

/// A service that was built here. Its tasks and readiness checks were registered while it was built.
pub struct Hosted<C> {
    /// Calls it, in this process.
    pub client: C,
    /// The public routes of the service.
    pub routes: Router,
    /// Its contract, for other processes; never reachable through the gateway.
    pub internal: Router,
    /// How its own port is served where that is not by routes and contract.
    pub listener: Option<Listener>,
    /// What an operator is told once the process is up.
    pub notices: Vec<Notice>,
}

impl<C> Hosted<C> {
    /// A service with a contract.
    pub fn new(client: C, routes: Router, internal: Router) -> Self {
        Self {
            client,
            routes,
            internal,
            listener: None,
            notices: Vec::new(),
        }
    }

    /// The client, and the service without it.
    pub(crate) fn take_client(self) -> (C, Hosted<()>) {
        let hosted = Hosted {
            client: (),
            routes: self.routes,
            internal: self.internal,
            listener: self.listener,
            notices: self.notices,
        };
        (self.client, hosted)
    }
}

impl Hosted<()> {
    /// A service that no other calls.
    pub fn without_contract(routes: Router) -> Self {
        Self::new((), routes, Router::new())
    }

    /// A service that is an endpoint of its own kind, such as the gateway.
    pub fn endpoint(endpoint: impl Endpoint) -> Self {
        Self {
            listener: Some(Listener::of(endpoint)),
            ..Self::without_contract(Router::new())
        }
    }
}

type Serve = dyn FnOnce(Server, Stack, &Tasks) + Send;

/// Serves an endpoint on a bound socket.
pub struct Listener(Box<Serve>);

impl Listener {
    /// A listener that serves this endpoint.
    pub fn of(endpoint: impl Endpoint) -> Self {
        Self(Box::new(move |server, stack, tasks| {
            server.serve(endpoint, stack, tasks);
        }))
    }

    /// Begins to serve.
    pub fn serve(self, server: Server, stack: Stack, tasks: &Tasks) {
        (self.0)(server, stack, tasks);
    }
}

/// Something an operator is told when the process is up, with an address at the gateway.
#[derive(Clone, Debug)]
pub struct Notice {
    /// A sentence that the address follows.
    pub text: &'static str,
    /// Path and query at the gateway, which may hold a secret.
    pub path: Secret<String>,
}
