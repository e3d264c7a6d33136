//! Runs an adapter: keeps its instances, and does what was accepted.

mod http;
mod lifecycle;
mod state;
mod store;
mod work;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use kit_rpc::InternalKeys;
use kit_runtime::{Secret, Tasks};
use kit_service::{Home, Units};
use tokio::sync::{Notify, Semaphore};

use crate::{Adapter, AdapterCredentials};

/// The migration of the tables that an adapter's service needs, the first in its list.
pub const TABLES: (&str, &str) = (
    "0001_adapter.sql",
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/0001_adapter.sql"
    )),
);

/// What runs an adapter needs of its service.
#[derive(Clone)]
pub struct HostDeps {
    /// The service's database, in which are [`TABLES`].
    pub units: Units,
    /// Where what is begun is done to its end.
    pub tasks: Tasks,
    /// By which our own processes are let in.
    pub internal_keys: InternalKeys,
    /// By which others are, if anybody.
    pub credentials: Option<AdapterCredentials>,
    /// How often it is looked for what was accepted, beside the moments when something is.
    pub poll: Duration,
}

impl HostDeps {
    /// Of a service at its home. Others are let in where a name and a password are given; `poll` is how often it is looked
    /// for what was accepted.
    pub fn at(
        home: &Home,
        (username, password): (Option<String>, Option<Secret<String>>),
        poll: Duration,
    ) -> anyhow::Result<Self> {
        let credentials = username.zip(password);
        Ok(Self {
            units: home.units()?,
            tasks: home.tasks.clone(),
            internal_keys: home.internal_keys.clone(),
            credentials: credentials.map(|(username, password)| AdapterCredentials { username, password }),
            poll,
        })
    }
}

/// An adapter that is run. A cheap handle.
pub struct AdapterHost<A>(Arc<Inner<A>>);

struct Inner<A> {
    adapter: A,
    deps: HostDeps,
    /// How much more may be worked on at once.
    room: Arc<Semaphore>,
    wake: Notify,
}

impl<A> Clone for AdapterHost<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Adapter> AdapterHost<A> {
    /// Of an adapter and its service.
    pub fn new(adapter: A, deps: HostDeps) -> Self {
        Self(Arc::new(Inner {
            adapter,
            deps,
            room: Arc::new(Semaphore::new(work::AT_ONCE)),
            wake: Notify::new(),
        }))
    }

    /// The routes of the protocol, `/v2/…` and `/ext/v1/…`, behind keys and credentials. They belong on the service's own
    /// port and are no part of its table of routes, so that no gateway leads to them.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Does what was accepted, by this process or by one that was lost. Processes may do so side by side.
    pub fn start(&self) {
        work::start(self);
    }
}
