//! The gateway: the one entry point of the platform.
//!
//! It is an [`Endpoint`](kit_http::server::Endpoint) behind the shared stack, nothing more: request id, log,
//! metrics and the rendering of errors are the stack's. What is the gateway's own is the order in which a
//! request is judged, and that nothing is answered by accident:
//!
//! 1. the path is brought into its one reading ([`mod@path`]), the headers into what may pass ([`headers`]);
//! 2. the route is found in a closed table that services and configuration filled when the gateway was built;
//!    a route without an access rule, or two for the same requests, and there is no gateway;
//! 3. the token is verified, once, and the role compared;
//! 4. the request goes to a service in this process (a function call with the verified principal), to a
//!    peer, or to a foreign server (over HTTP, with the identity in headers), as a stream either way.
//!
//! Invariants: what is matched is what is authorised is what is forwarded; a header in the gateway's name was
//! written by the gateway; the internal key goes to peers and to nobody else.
//!
//! What it deliberately does not do: read bodies, retry what may have been done, or know any service. It gets
//! route tables as data, so that a new service needs no line here.

mod body;
mod builtin;
mod config;
mod endpoint;
mod headers;
mod mount;
mod network;
mod path;
mod pattern;
mod table;
mod target;
mod trie;

use std::fmt;

use http::HeaderValue;
use kit_config::BaseUrl;
use kit_http::RouteTable;
use kit_rpc::pool::{Pool, PoolSettings, TrustError};
use kit_runtime::{Readiness, Secret, Tasks};
use kit_token::Verifier;
use thiserror::Error;

pub use config::{ExternalRoute, GatewayConfig};
pub use headers::{INTERNAL_KEY, USER_ID, USER_ROLES, USERNAME};
pub use network::{Network, NetworkError};
pub use path::PathError;
pub use pattern::PatternError;
pub use table::{RouteLine, RouteProblem};

use builtin::BuiltIns;
use mount::{External, Mounted, enter_own, read_external};
use table::{Place, PublicRoute, Table};
use target::Target;

/// What the gateway is built of.
pub struct GatewayDeps {
    /// The one verifier of this process.
    pub verifier: Verifier,
    /// Every service that stands behind the gateway, hosted here or not, in the order they are listed.
    pub services: Vec<Backend>,
    /// What proves to peers that the gateway speaks; needed where a service is a peer.
    pub internal_key: Option<Secret<String>>,
    /// Connections to peers and foreign servers run in these.
    pub tasks: Tasks,
    /// How those connections are kept.
    pub connections: PoolSettings,
    /// For `/readyz`.
    pub readiness: Readiness,
}

/// One service behind the gateway.
pub struct Backend {
    /// What it serves.
    pub table: RouteTable,
    /// What clients are told it is called: `Auth`.
    pub display: &'static str,
    /// Where it runs.
    pub place: BackendPlace,
}

/// Where a service runs.
pub enum BackendPlace {
    /// In this process: its router is called.
    Hosted(axum::Router),
    /// Elsewhere.
    Peer(BaseUrl),
}

/// Why there is no gateway.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Everything that is wrong with the routes.
    #[error("{0}")]
    Routes(RouteProblems),
    /// A peer without a key to be believed by.
    #[error("service `{0}` is a peer, but there is no internal key")]
    NoInternalKey(&'static str),
    /// The key cannot stand in a header.
    #[error("the internal key holds characters that no header takes")]
    BadInternalKey,
    /// No certificates to believe `https` targets by.
    #[error("cannot prepare connections to `{target}`")]
    Trust {
        /// The target.
        target: String,
        /// What went wrong.
        source: TrustError,
    },
}

/// One or more problems, a line each.
#[derive(Debug)]
pub struct RouteProblems(pub Vec<RouteProblem>);

impl fmt::Display for RouteProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the gateway's routes are not usable:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// The gateway, ready to be put behind a [`Stack`](kit_http::server::Stack).
pub struct Gateway {
    table: Table,
    targets: Vec<Target>,
    built_ins: BuiltIns,
    verifier: Verifier,
    trusted_proxies: Vec<Network>,
    lines: Vec<RouteLine>,
}

/// Builds the gateway, or says everything that is wrong with its routes. Must be called in a tokio runtime.
pub fn build(config: GatewayConfig, deps: GatewayDeps) -> Result<Gateway, BuildError> {
    let (table, externals) = routes_of(&config, &deps.services)?;
    let targets = {
        let pool = Pool::new(deps.connections, deps.tasks);
        let key = deps.internal_key.as_ref().map(internal_key).transpose()?;
        let services = deps
            .services
            .iter()
            .map(|backend| Target::service(&pool, backend, key.as_ref()));
        let foreign = externals.iter().map(|external| Target::foreign(&pool, external));
        services.chain(foreign).collect::<Result<Vec<_>, _>>()?
    };
    let lines: Vec<RouteLine> = table.visible().map(|route| line_of(route, &targets)).collect();
    let mounted: Vec<Mounted<'_>> = mounted(&deps.services).collect();
    Ok(Gateway {
        built_ins: BuiltIns::new(&mounted, &lines, deps.readiness),
        table,
        targets,
        verifier: deps.verifier,
        trusted_proxies: config.trusted_proxies,
        lines,
    })
}

impl Gateway {
    /// Every public route, aliases included.
    pub fn routes(&self) -> &[RouteLine] {
        &self.lines
    }
}

/// The table of everything that is answered, with the targets that the configuration adds.
fn routes_of(config: &GatewayConfig, services: &[Backend]) -> Result<(Table, Vec<External>), BuildError> {
    let (mut table, mut problems, mut externals) = (Table::new(), Vec::new(), Vec::new());
    enter_own(&mut table, &mut problems);
    for service in mounted(services) {
        service.enter(&mut table, &mut problems);
    }
    for written in config.routes.iter() {
        let number = services.len() + externals.len();
        if let Some(external) = read_external(written, config, number, &mut problems) {
            problems.extend(table.add(external.route.clone()).err());
            externals.push(external);
        }
    }
    if problems.is_empty() {
        Ok((table, externals))
    } else {
        Err(BuildError::Routes(RouteProblems(problems)))
    }
}

fn mounted(services: &[Backend]) -> impl Iterator<Item = Mounted<'_>> {
    services.iter().enumerate().map(|(number, backend)| Mounted {
        table: &backend.table,
        number,
    })
}

fn line_of(route: &PublicRoute, targets: &[Target]) -> RouteLine {
    let target = match route.place {
        Place::Target { number, .. } => targets.get(number).map_or("?", Target::name),
        Place::BuiltIn(_) | Place::Hidden(_) => "gateway",
    };
    RouteLine {
        method: route.methods.to_string(),
        path: route.pattern.to_string(),
        access: route.access,
        target: target.to_owned(),
        operation: route.label.operation,
    }
}

fn internal_key(key: &Secret<String>) -> Result<HeaderValue, BuildError> {
    let mut value = HeaderValue::from_str(key.expose()).map_err(|_| BuildError::BadInternalKey)?;
    value.set_sensitive(true);
    Ok(value)
}
