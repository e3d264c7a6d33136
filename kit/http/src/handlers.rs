//! From a route table to a router: each declared operation gets its handler, and none is forgotten.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use futures::FutureExt;
use http::{Method, StatusCode};
use kit_telemetry::Tracer;
use kit_token::Verifier;
use thiserror::Error;

use crate::access::{authorize, guest_access, refuse_when_stale};
use crate::extract::Json;
use crate::health::Health;
use crate::server::{RouteLabel, RoutePattern};
use crate::{Access, ApiError, GuestAccess, Route, RouteTable, Verified};

/// What stands before every handler of a service: token and role, the body's size, the time limit.
#[derive(Clone)]
pub struct Guard {
    verifier: Verifier,
}

impl Guard {
    /// A guard that verifies tokens with `verifier`.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }
}

/// Why a router could not be made of its table.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HandlersError {
    /// The table declares an operation that no handler serves.
    #[error("`{service}` declares `{operation}` but serves no handler for it")]
    Missing {
        /// The service.
        service: &'static str,
        /// The operation.
        operation: &'static str,
    },
    /// A handler for an operation that the table does not declare, or a second one.
    #[error("`{service}` has a handler too many for `{operation}`")]
    Undeclared {
        /// The service.
        service: &'static str,
        /// The operation.
        operation: &'static str,
    },
    /// A method that routers do not know.
    #[error("`{operation}` uses a method that cannot be routed")]
    Method {
        /// The operation.
        operation: &'static str,
    },
}

/// Collects the handlers of a table. The first mistake is kept and told by [`Handlers::finish`].
pub struct Handlers<S> {
    table: RouteTable,
    guard: Guard,
    router: Router<S>,
    served: BTreeSet<&'static str>,
    mistake: Option<HandlersError>,
}

impl<S: Clone + Send + Sync + 'static> Handlers<S> {
    /// No handlers yet but that of the table's health route.
    pub fn new(table: RouteTable, guard: Guard) -> Self {
        let health = table
            .routes
            .iter()
            .find_map(|route| Some((route.operation, route.health?)));
        let handlers = Self {
            table,
            guard,
            router: Router::new(),
            served: BTreeSet::new(),
            mistake: None,
        };
        match health {
            Some((operation, display)) => handlers.on(operation, async move || Json(Health::of(display))),
            None => handlers,
        }
    }

    /// Serves `operation` with `handler`.
    #[must_use]
    pub fn on<H, T>(mut self, operation: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let service = self.table.service;
        let Some(route) = self
            .table
            .find(operation)
            .filter(|_| self.served.insert(operation))
        else {
            self.mistake
                .get_or_insert(HandlersError::Undeclared { service, operation });
            return self;
        };
        let Ok(method) = MethodFilter::try_from(route.method.clone()) else {
            self.mistake.get_or_insert(HandlersError::Method { operation });
            return self;
        };
        let gate = Gate {
            guard: self.guard.clone(),
            rules: RouteRules::of(service, route),
        };
        let served = on(method, handler).layer(from_fn_with_state(gate, pass));
        self.router = self.router.route(route.pattern, served);
        self
    }

    /// The router; an error where the table and the handlers do not agree.
    pub fn finish(self, state: S) -> Result<Router, HandlersError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        let service = self.table.service;
        let missing = self
            .table
            .routes
            .iter()
            .find(|route| !self.served.contains(route.operation));
        if let Some(route) = missing {
            return Err(HandlersError::Missing {
                service,
                operation: route.operation,
            });
        }
        Ok(self
            .router
            .fallback(unknown_path)
            .method_not_allowed_fallback(unknown_method)
            .with_state(state))
    }
}

#[derive(Clone)]
struct Gate {
    guard: Guard,
    rules: RouteRules,
}

#[derive(Clone, Copy)]
struct RouteRules {
    matched: MatchedRoute,
    pattern: &'static str,
    fails_closed: bool,
    time_limit: std::time::Duration,
}

/// The route that a request was found to be for, among its extensions.
#[derive(Clone, Copy, Debug)]
pub struct MatchedRoute {
    /// Service and operation.
    pub label: RouteLabel,
    /// Who may call the route.
    pub access: Access,
    /// The status of its good answer.
    pub success: StatusCode,
    /// The largest body, in bytes.
    pub body_limit: u64,
}

impl RouteRules {
    fn of(service: &'static str, route: &Route) -> Self {
        Self {
            matched: MatchedRoute {
                label: RouteLabel {
                    service,
                    operation: route.operation,
                },
                access: route.access,
                success: route.success(),
                body_limit: route.body_limit,
            },
            pattern: route.pattern,
            fails_closed: route.fails_closed,
            time_limit: route.time_limit,
        }
    }
}

/// Whatever happens to a request, its answer tells which route it was.
async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let RouteRules {
        matched: MatchedRoute { label, .. },
        pattern,
        time_limit,
        ..
    } = gate.rules;
    let is_traced = request.extensions().get::<Tracer>().is_some();
    let mut response = match gate.admit(request) {
        Ok(request) => {
            let answering = AssertUnwindSafe(next.run(request)).catch_unwind();
            match tokio::time::timeout(time_limit, answering).await {
                Ok(Ok(response)) => response,
                Ok(Err(panic)) => ApiError::panicked(&*panic).into_response(),
                Err(_) => ApiError::unavailable("the request took too long").into_response(),
            }
        }
        Err(refusal) => refusal.into_response(),
    };
    response.extensions_mut().insert(label);
    if is_traced {
        response.extensions_mut().insert(RoutePattern(pattern.into()));
    }
    response
}

impl Gate {
    fn admit(&self, mut request: Request) -> Result<Request, ApiError> {
        let (matched, verifier) = (self.rules.matched, &self.guard.verifier);
        let MatchedRoute {
            access, body_limit, ..
        } = matched;
        let known = request.extensions().get::<Verified>();
        let guest = match known {
            None if access == Access::Holder => guest_access(request.headers())?,
            _ => None,
        };
        match (known, guest) {
            (Some(Verified(principal)), _) => authorize(access, principal)?,
            (None, Some(guest)) => {
                request.extensions_mut().insert::<GuestAccess>(guest);
            }
            (None, None) => {
                if let Some(verified) = access.admit(verifier, request.headers())? {
                    request.extensions_mut().insert(verified);
                }
            }
        }
        // Of guests' tokens the news of revocations say nothing.
        if self.rules.fails_closed && guest.is_none() {
            refuse_when_stale(verifier)?;
        }
        // An announced length is refused before a byte of it is read.
        if request.body().size_hint().lower() > body_limit {
            return Err(ApiError::too_large(body_limit));
        }
        request.extensions_mut().insert(matched);
        Ok(request)
    }
}

async fn unknown_path() -> ApiError {
    ApiError::not_found("there is nothing at this path")
}

async fn unknown_method(_: Method) -> ApiError {
    ApiError::method_not_allowed(None)
}
