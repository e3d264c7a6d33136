//! What a service gives to the process that hosts it.

use axum::Router;

/// A service that was built here. Its tasks and readiness checks were registered while it was built.
pub struct Hosted<C> {
    /// Calls it, in this process.
    pub client: C,
    /// Its public routes.
    pub routes: Router,
    /// Its contract, for other processes; never reachable through the gateway.
    pub internal: Router,
}
