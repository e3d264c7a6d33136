//! The other services, wherever they run.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use kit_config::BaseUrl;
use kit_http::RouteTable;
use kit_rpc::pool::TrustError;
use kit_rpc::{ContractClient, InternalKeys, Remote, RpcPool};
use kit_telemetry::Tracer;
use thiserror::Error;

/// Where services are that do not run in this process, and how they are called.
pub struct Directory {
    /// What every service serves, hosted here or not, in the order they are listed.
    pub tables: Vec<RouteTable>,
    /// The base address of each configured peer, by its name.
    pub addresses: BTreeMap<String, BaseUrl>,
    /// The connections to peers.
    pub pool: RpcPool,
    /// What proves to them who calls.
    pub internal_keys: InternalKeys,
    /// Calls of them are steps of a trace.
    pub tracer: Tracer,
}

/// Why a service cannot be called.
#[derive(Debug, Error)]
pub enum PeerError {
    /// It neither runs here nor is configured.
    #[error("no peer configured for `{service}`; set `peers.{service}`, or run it here")]
    Unknown {
        /// The name of the service.
        service: &'static str,
    },
    /// There are no certificates to believe its address by.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// Where a service runs.
pub enum PeerLocation {
    /// In this process: its router is called.
    Hosted(Router),
    /// In another process, at this address.
    Remote(BaseUrl),
}

/// The other services of the platform: a contract's client is the same whether the service runs in this process or
/// at a configured address. A cheap handle.
#[derive(Clone)]
pub struct Peers(Arc<Inner>);

struct Inner {
    directory: Directory,
    hosted: Mutex<HostedServices>,
}

#[derive(Default)]
struct HostedServices {
    clients: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    routers: BTreeMap<&'static str, Router>,
}

impl Peers {
    /// A registry in which no service runs in this process yet.
    pub fn new(directory: Directory) -> Self {
        Self(Arc::new(Inner {
            directory,
            hosted: Mutex::default(),
        }))
    }

    /// From now on this client is what calls its service.
    pub fn provide<C: Any + Send + Sync>(&self, client: C) {
        self.hosted().clients.insert(TypeId::of::<C>(), Box::new(client));
    }

    /// From now on this router is what requests of a service in this process go to.
    pub fn serve(&self, service: &'static str, routes: Router) {
        self.hosted().routers.insert(service, routes);
    }

    /// The client of a contract.
    pub fn client<C: ContractClient>(&self) -> Result<C, PeerError> {
        let hosted = self.hosted();
        let here = hosted.clients.get(&TypeId::of::<C>());
        if let Some(client) = here.and_then(|client| client.downcast_ref::<C>()) {
            return Ok(client.clone());
        }
        let Directory {
            addresses,
            pool,
            internal_keys,
            tracer,
            ..
        } = &self.0.directory;
        let service = C::SERVICE;
        let address = addresses.get(service).ok_or(PeerError::Unknown { service })?;
        let remote = Remote::new(pool, address, internal_keys.clone())?;
        Ok(C::of_peer(remote.with_tracer(tracer.clone())))
    }

    /// What every service serves, and where it runs; nothing where it neither runs here nor is configured.
    pub fn locations(&self) -> Vec<(RouteTable, Option<PeerLocation>)> {
        let hosted = self.hosted();
        let location = |table: &RouteTable| {
            let here = hosted.routers.get(table.service).cloned();
            let elsewhere = || self.0.directory.addresses.get(table.service).cloned();
            here.map(PeerLocation::Hosted)
                .or_else(|| elsewhere().map(PeerLocation::Remote))
        };
        let tables = self.0.directory.tables.iter();
        tables.map(|table| (table.clone(), location(table))).collect()
    }

    fn hosted(&self) -> MutexGuard<'_, HostedServices> {
        self.0.hosted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
