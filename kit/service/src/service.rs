//! How a service describes itself.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_config::{Catalog, Section};
use kit_db::Migrations;
use kit_event::{EventDoc, Topic};
use kit_http::RouteTable;

use crate::{Fact, Home, Hosted, Invariant, Peers, ServiceCommand};

type Build = dyn Fn(Home, Peers) -> BoxFuture<'static, anyhow::Result<Hosted<()>>> + Send + Sync;

/// Everything that a process has to know of a service: one value, made by the service's crate. Cheap to clone.
///
/// ```ignore
/// pub fn service() -> Service {
///     Service::new("orders", "orders and their fulfilment", build)
///         .serving(orders_api::routes())
///         .publishing(orders_api::TOPICS, orders_api::events)
///         .keeping(kit_db::migrations!["0001_orders.sql"])
/// }
///
/// async fn build(config: OrdersConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<OrdersClient>> { … }
/// ```
#[derive(Clone)]
pub struct Service {
    /// Its name in commands, in configuration, of its database.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// What it serves; nothing for the gateway, which serves what the others do.
    pub routes: Option<RouteTable>,
    /// The topics that the service publishes.
    pub topics: &'static [&'static Topic],
    /// The events it publishes, for the document of all of them.
    pub events: fn() -> Vec<EventDoc>,
    /// The migrations of its database, where it has one.
    pub migrations: Option<Migrations>,
    /// What must hold of its tables.
    pub invariants: &'static [Invariant],
    /// What it states that others state too.
    pub facts: &'static [Fact],
    /// What it adds to the command line.
    pub commands: Vec<ServiceCommand>,
    sections: fn(Catalog) -> Catalog,
    build: Arc<Build>,
}

impl Service {
    /// A service that is configured by `S`, whose section has the service's name, and built by `build`. Everything
    /// that can fail, fails there, before anything is served.
    pub fn new<S, C, F>(
        name: &'static str,
        purpose: &'static str,
        build: impl Fn(S, Home, Peers) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Section + Send,
        C: Any + Send + Sync,
        F: Future<Output = anyhow::Result<Hosted<C>>> + Send + 'static,
    {
        let build = Arc::new(build);
        let erased = move |home: Home, peers: Peers| {
            let build = build.clone();
            async move {
                let hosted = build(home.section::<S>()?, home, peers.clone()).await?;
                let (client, hosted) = hosted.take_client();
                peers.provide(client);
                peers.serve(name, hosted.routes.clone());
                Ok(hosted)
            }
            .boxed()
        };
        Self {
            name,
            purpose,
            routes: None,
            topics: &[],
            events: Vec::new,
            migrations: None,
            invariants: &[],
            facts: &[],
            commands: Vec::new(),
            sections: Catalog::section::<S>,
            build: Arc::new(erased),
        }
    }

    /// Adds the routes that the service serves.
    #[must_use]
    pub fn serving(mut self, routes: RouteTable) -> Self {
        self.routes = Some(routes);
        self
    }

    /// Adds the topics and events that the service publishes.
    #[must_use]
    pub fn publishing(mut self, topics: &'static [&'static Topic], events: fn() -> Vec<EventDoc>) -> Self {
        self.topics = topics;
        self.events = events;
        self
    }

    /// It has a database, of these migrations.
    #[must_use]
    pub fn keeping(mut self, migrations: Migrations) -> Self {
        self.migrations = Some(migrations);
        self
    }

    /// What must hold of its tables, and what it knows that others know too.
    #[must_use]
    pub fn verified_by(mut self, invariants: &'static [Invariant], facts: &'static [Fact]) -> Self {
        self.invariants = invariants;
        self.facts = facts;
        self
    }

    /// Adds a command of the service.
    #[must_use]
    pub fn commanding(mut self, command: ServiceCommand) -> Self {
        self.commands.push(command);
        self
    }

    /// What clients are told it is called (`Payment service unavailable`).
    pub fn display(&self) -> &'static str {
        self.routes.as_ref().map_or(self.name, |routes| routes.display)
    }

    /// Adds its section to the catalogue of what may be set.
    pub fn configure(&self, catalog: Catalog) -> Catalog {
        (self.sections)(catalog)
    }

    /// Builds it, and makes it known to the peers of this process.
    pub async fn build(&self, home: Home, peers: Peers) -> anyhow::Result<Hosted<()>> {
        (self.build)(home, peers).await
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.name)
    }
}
