//! The gateway: the one entry point of the platform.
//!
//! It is an [`Endpoint`](kit_http::server::Endpoint) behind the shared stack, nothing more: request id, log,
//! metrics and the rendering of errors are the stack's. What is the gateway's own is the order in which a
//! request is checked, and that nothing is answered by accident:
//!
//! 1. the path is brought into its one reading ([`mod@path`]), the headers into what may pass ([`headers`]);
//! 2. the route is found in a closed table that services and configuration filled when the gateway was built;
//!    a route without an access rule, or two for the same requests, and there is no gateway;
//! 3. whoever asks too often is refused, by address before the token is looked at and by user after it
//!    ([`limit`]);
//! 4. the token is verified, once, and the role compared;
//! 5. the request goes to a service in this process (a function call with the verified principal), to a
//!    peer, or to a foreign server (over HTTP, with the identity in headers), as a stream either way;
//! 6. a WebSocket handshake becomes a tunnel only by the target's answer ([`upgrade`]).
//!
//! Invariants: what is matched is what is authorised is what is forwarded; a header in the gateway's name was
//! written by the gateway; the internal key goes to peers and to nobody else.
//!
//! What it deliberately does not do: read bodies, retry what may have been done, or know any service. It gets
//! route tables as data, so that a new service needs no line here.

mod body;
mod builtin;
mod cart_cookie;
mod client;
mod config;
mod endpoint;
mod external;
mod headers;
mod limit;
mod mount;
mod network;
mod path;
mod pattern;
mod span;
mod table;
mod target;
mod trie;
mod upgrade;

use std::fmt;
use std::num::NonZero;

use kit_http::RouteTable;
use kit_redis::Redis;
use kit_rpc::InternalKeys;
use kit_rpc::pool::{Pool, PoolSettings, TrustError};
use kit_runtime::{Clock, Readiness, Tasks};
use kit_service::{Home, Hosted, PeerLocation, Peers, Service};
use kit_telemetry::Metrics;
use kit_token::Verifier;
use thiserror::Error;

pub use config::{ExternalRoute, GatewayConfig};
pub use headers::{USER_ID, USER_ROLES, USERNAME};
pub use limit::{Rate, RateError};
pub use network::{Network, NetworkError};
pub use path::PathError;
pub use pattern::PatternError;
pub use table::{RouteLine, RouteProblem};

use builtin::BuiltIns;
use cart_cookie::CartCookies;
use external::{External, read_external};
use limit::{Limiter, Rates};
use mount::{Mounted, enter_own};
use table::{Destination, PublicRoute, Table};
use target::{Outward, Target};

/// What the gateway is built of.
pub struct GatewayDeps {
    /// The one verifier of this process.
    pub verifier: Verifier,
    /// Every service that stands behind the gateway, hosted here or not, in the order they are listed.
    pub services: Vec<Backend>,
    /// What proves to peers that the gateway speaks.
    pub internal_keys: InternalKeys,
    /// Connections to peers and foreign servers run in these.
    pub tasks: Tasks,
    /// For `/readyz`.
    pub readiness: Readiness,
    /// By which rates are measured.
    pub clock: Clock,
    /// Where all gateways count together, if anywhere.
    pub redis: Option<Redis>,
    /// Where refusals are counted.
    pub metrics: Metrics,
}

/// One service behind the gateway.
pub struct Backend {
    /// What it serves, under which prefixes, and what clients are told it is called.
    pub table: RouteTable,
    /// Where the service runs.
    pub location: PeerLocation,
}

/// Why there is no gateway.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Everything that is wrong with the routes.
    #[error("{0}")]
    Routes(RouteProblems),
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
    limiter: Limiter,
    trusted_proxies: Vec<Network>,
    cart_cookies: CartCookies,
    lines: Vec<RouteLine>,
}

/// The gateway, for the process that hosts it. It comes after every service whose router it calls.
pub fn service() -> Service {
    Service::new("gateway", "the one entry point", build)
}

/// Builds it. A service that neither runs here nor is configured as a peer is not mounted.
pub async fn build(config: GatewayConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<()>> {
    let mut services = Vec::new();
    for (table, location) in peers.locations() {
        if let Some(location) = location {
            services.push(Backend { table, location });
        } else {
            tracing::info!(service = table.service, "not mounted: no peer is configured");
        }
    }
    let gateway = Gateway::new(
        config,
        GatewayDeps {
            verifier: home.verifier.clone(),
            services,
            internal_keys: home.internal_keys.clone(),
            tasks: home.tasks.clone(),
            readiness: home.readiness.clone(),
            clock: home.clock.clone(),
            redis: home.redis.clone(),
            metrics: home.metrics.clone(),
        },
    )?;
    Ok(Hosted::endpoint(gateway))
}

impl Gateway {
    /// The gateway of these services, or everything that is wrong with its routes. Must be called in a tokio
    /// runtime.
    pub fn new(config: GatewayConfig, deps: GatewayDeps) -> Result<Self, BuildError> {
        let tables: Vec<&RouteTable> = deps.services.iter().map(|backend| &backend.table).collect();
        let (table, externals) = enter_all(&config, &tables)?;
        let lines = lines_of(&table, &tables, &externals);
        let built_ins = BuiltIns::new(&mounted(&tables).collect::<Vec<_>>(), &lines, deps.readiness);
        let outward = Outward {
            pool: Pool::new(PoolSettings::default(), deps.tasks.clone()),
            internal_keys: deps.internal_keys,
            tasks: deps.tasks,
        };
        let services = deps.services.iter().map(|backend| outward.service(backend));
        let foreign = externals.iter().map(|external| outward.foreign(external));
        Ok(Self {
            targets: services.chain(foreign).collect::<Result<_, _>>()?,
            table,
            built_ins,
            verifier: deps.verifier,
            limiter: limiter(&config, deps.redis, deps.clock, &deps.metrics),
            cart_cookies: CartCookies::new(config.public_url.as_ref()),
            trusted_proxies: config.trusted_proxies,
            lines,
        })
    }

    /// Every public route, aliases included.
    pub fn routes(&self) -> &[RouteLine] {
        &self.lines
    }
}

fn limiter(config: &GatewayConfig, redis: Option<Redis>, clock: Clock, metrics: &Metrics) -> Limiter {
    if !config.rate_limit_enabled {
        return Limiter::off();
    }
    let rates = Rates {
        address: config.rate_limit_address,
        user: config.rate_limit_user,
        strict: config.rate_limit_strict,
        gateways: NonZero::new(config.rate_limit_gateways).unwrap_or(NonZero::<u32>::MIN),
    };
    Limiter::new(rates, redis, clock, metrics)
}

/// The routes that a gateway of these services would have, without building one.
pub fn list_routes(config: &GatewayConfig, services: &[RouteTable]) -> Result<Vec<RouteLine>, BuildError> {
    let tables: Vec<&RouteTable> = services.iter().collect();
    let (table, externals) = enter_all(config, &tables)?;
    Ok(lines_of(&table, &tables, &externals))
}

/// The table of everything that is answered, with the targets that the configuration adds.
fn enter_all(config: &GatewayConfig, tables: &[&RouteTable]) -> Result<(Table, Vec<External>), BuildError> {
    let (mut table, mut problems, mut externals) = (Table::new(), Vec::new(), Vec::new());
    enter_own(&mut table, &mut problems);
    for service in mounted(tables) {
        service.enter(&mut table, &mut problems);
    }
    for written in config.routes.iter() {
        let number = tables.len() + externals.len();
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

fn mounted<'a>(tables: &[&'a RouteTable]) -> impl Iterator<Item = Mounted<'a>> {
    tables
        .iter()
        .enumerate()
        .map(|(number, table)| Mounted { table, number })
}

fn lines_of(table: &Table, tables: &[&RouteTable], externals: &[External]) -> Vec<RouteLine> {
    let line = |route: &PublicRoute| RouteLine {
        method: route.methods.to_string(),
        path: route.pattern.to_string(),
        access: route.access.as_str(),
        target: target_name(route, tables.len(), externals),
        operation: route.label.operation,
    };
    table.visible().map(line).collect()
}

/// The service, or the URL: targets of the configuration are numbered after the services.
fn target_name(route: &PublicRoute, services: usize, externals: &[External]) -> String {
    let external = match route.destination {
        Destination::Target { number, .. } => number
            .checked_sub(services)
            .and_then(|index| externals.get(index)),
        Destination::BuiltIn(_) | Destination::Hidden(_) => None,
    };
    external.map_or_else(
        || route.label.service.to_owned(),
        |external| external.target.to_string(),
    )
}
