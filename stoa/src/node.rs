//! A process and what it hosts. The one trick is [`Node::place`]: a service is built here or called there,
//! and nobody else has to know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::BackendPlace;
use kit_bus::{Bus, BusDeps, BusMetrics, BusSettings, Carriers, Source, Sources, SourcesDeps};
use kit_config::{Loaded, secret_file};
use kit_db::{DataFolder, Db, DbDeps, DbMetrics, DbSettings, DbTarget, Migrations};
use kit_rpc::pool::PoolSettings;
use kit_rpc::{Hosted, InternalKeys, Remote, RpcPool};
use kit_runtime::{Clock, Ids, Readiness, Secret, Tasks};
use kit_telemetry::{Metrics, Tracer};

use crate::carriers;
use crate::services::Service;
use crate::settings::{DataConfig, DatabaseConfig, EventsConfig, PeersConfig, RpcConfig, section};

/// How services find each other and where their state is.
pub(crate) struct Node {
    pub config: Loaded,
    pub hosts: BTreeSet<Service>,
    pub data: PathBuf,
    pub clock: Clock,
    pub ids: Ids,
    pub tasks: Tasks,
    pub readiness: Readiness,
    pub metrics: Metrics,
    pub tracer: Tracer,
    pub internal_keys: InternalKeys,
    db_metrics: DbMetrics,
    database: DatabaseConfig,
    peers: PeersConfig,
    pool: RpcPool,
    placed: BTreeMap<Service, OwnPort>,
    databases: BTreeMap<Service, Db>,
    buses: BTreeMap<Service, Bus>,
    /// Held while the process lives.
    _folder: Option<DataFolder>,
}

/// What a hosted service serves on a port of its own.
#[derive(Clone)]
pub(crate) struct OwnPort {
    /// Its public routes.
    pub routes: Router,
    /// Its contract, for other services.
    pub internal: Router,
}

impl Node {
    /// A process that owns what it hosts.
    pub(crate) fn new(config: Loaded, hosts: BTreeSet<Service>, tasks: Tasks) -> anyhow::Result<Self> {
        // Processes may share the folder of their keys; a SQLite file in it has one owner.
        let stores = hosts.iter().any(|service| service.migrations().is_some());
        let folder = if stores && section::<DatabaseConfig>(&config)?.url.is_none() {
            Some(DataFolder::lock(section::<DataConfig>(&config)?.dir)?)
        } else {
            None
        };
        let keys = internal_keys(section(&config)?, &section::<DataConfig>(&config)?.dir)?;
        Ok(Self {
            internal_keys: InternalKeys::new(keys).context("`rpc.keys` cannot be used")?,
            _folder: folder,
            ..Self::beside(config, hosts, tasks)?
        })
    }

    /// A process that looks at what another may own, and is nobody to the other services.
    pub(crate) fn beside(config: Loaded, hosts: BTreeSet<Service>, tasks: Tasks) -> anyhow::Result<Self> {
        let database: DatabaseConfig = section(&config)?;
        let data = section::<DataConfig>(&config)?.dir;
        let metrics = Metrics::new();
        Ok(Self {
            peers: section(&config)?,
            pool: RpcPool::new(PoolSettings::default(), tasks.clone()),
            config,
            hosts,
            data,
            clock: Clock::system(),
            ids: Ids::system(),
            tasks,
            readiness: Readiness::new(),
            db_metrics: DbMetrics::new(&metrics),
            tracer: Tracer::off(),
            metrics,
            internal_keys: InternalKeys::new(vec![made_key()])?,
            database,
            placed: BTreeMap::new(),
            databases: BTreeMap::new(),
            buses: BTreeMap::new(),
            _folder: None,
        })
    }

    /// If this process hosts the service, builds it and gives back the client that calls it here; else gives
    /// back the client of the configured peer.
    pub(crate) async fn place<C>(
        &mut self,
        service: Service,
        remote: impl FnOnce(Remote) -> C,
        build: impl AsyncFnOnce(&Self) -> anyhow::Result<Hosted<C>>,
    ) -> anyhow::Result<C> {
        if let Some(client) = self.host(service, build).await? {
            return Ok(client);
        }
        let peer = Remote::new(&self.pool, &self.peer(service)?, self.internal_keys.clone())?;
        Ok(remote(peer.with_tracer(self.tracer.clone())))
    }

    /// If this process hosts the service, builds it; for services that no other calls.
    pub(crate) async fn host<C>(
        &mut self,
        service: Service,
        build: impl AsyncFnOnce(&Self) -> anyhow::Result<Hosted<C>>,
    ) -> anyhow::Result<Option<C>> {
        if !self.hosts.contains(&service) {
            return Ok(None);
        }
        let hosted = build(self)
            .await
            .with_context(|| format!("service `{service}` could not start"))?;
        self.placed.insert(
            service,
            OwnPort {
                routes: hosted.routes,
                internal: hosted.internal,
            },
        );
        Ok(Some(hosted.client))
    }

    /// Whether the service runs here or is configured as a peer.
    pub(crate) fn reaches(&self, service: Service) -> bool {
        self.hosts.contains(&service) || self.peers.by_service.contains_key(service.name())
    }

    /// Where requests for a service go: to its router in this process, or to the peer.
    pub(crate) fn backend(&self, service: Service) -> anyhow::Result<BackendPlace> {
        match self.placed.get(&service) {
            Some(own) => Ok(BackendPlace::Hosted(own.routes.clone())),
            None => self.peer(service).map(BackendPlace::Peer),
        }
    }

    /// What a hosted service serves on a port of its own.
    pub(crate) fn own_port(&self, service: Service) -> Option<OwnPort> {
        self.placed.get(&service).cloned()
    }

    /// Opens the databases of the hosted services, their migrations run.
    pub(crate) async fn open_databases(&mut self) -> anyhow::Result<()> {
        for service in self.hosts.clone() {
            if let Some(migrations) = service.migrations() {
                let db = self.open_database(service, &migrations).await?;
                self.databases.insert(service, db);
            }
        }
        Ok(())
    }

    async fn open_database(&self, service: Service, migrations: &Migrations) -> anyhow::Result<Db> {
        let deps = DbDeps {
            tasks: self.tasks.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            metrics: Some(self.db_metrics.clone()),
        };
        let opened = Db::open(self.database_settings(service), migrations, &deps).await;
        opened.with_context(|| format!("the database of `{service}` could not be opened"))
    }

    /// The migrations that a service's database has not seen.
    pub(crate) async fn pending_migrations(&self, service: Service) -> anyhow::Result<Vec<String>> {
        let Some(migrations) = service.migrations() else {
            return Ok(Vec::new());
        };
        let plan = Db::plan(&self.database_settings(service), &migrations).await;
        let plan = plan.with_context(|| format!("the database of `{service}` could not be read"))?;
        Ok(plan.pending)
    }

    /// The database of a hosted service, once it is opened.
    pub(crate) fn database(&self, service: Service) -> anyhow::Result<Db> {
        let db = self.databases.get(&service).cloned();
        db.ok_or_else(|| anyhow!("the database of `{service}` is not open here"))
    }

    /// The bus of a hosted service, once it is opened.
    pub(crate) fn bus(&self, service: Service) -> anyhow::Result<Bus> {
        let bus = self.buses.get(&service).cloned();
        bus.ok_or_else(|| anyhow!("the bus of `{service}` is not open here"))
    }

    /// Opens the buses of the hosted services on their opened databases.
    pub(crate) fn open_buses(&mut self) -> anyhow::Result<()> {
        let metrics = BusMetrics::new(&self.metrics);
        let carriers = carriers::open(&self.config, &self.clock, &self.ids)?;
        kit_bus::watch_brokers(&carriers, &self.tasks, &self.metrics);
        let sources = self.carried(carriers, Some(metrics.clone()))?;
        let settings = section::<EventsConfig>(&self.config)?.settings();
        for (service, db) in &self.databases {
            let bus = Bus::new(BusDeps {
                db: db.clone(),
                sources: sources.clone(),
                tasks: self.tasks.clone(),
                clock: self.clock.clone(),
                ids: self.ids.clone(),
                metrics: Some(metrics.clone()),
                tracer: self.tracer.clone(),
                settings: settings.clone(),
            });
            self.buses.insert(*service, bus);
        }
        Ok(())
    }

    /// Where events come from: the brokers, and the logs of all services. Those in SQLite files of other
    /// processes are out of reach.
    pub(crate) fn sources(&self) -> anyhow::Result<Sources> {
        self.carried(carriers::open(&self.config, &self.clock, &self.ids)?, None)
    }

    fn carried(&self, carriers: Carriers, metrics: Option<BusMetrics>) -> anyhow::Result<Sources> {
        let (mut within, mut beyond) = (Vec::new(), Vec::new());
        for service in Service::ALL {
            if self.database.url.is_none() && !self.databases.contains_key(&service) {
                beyond.extend(service.topics());
            } else if service.migrations().is_some() {
                within.push(Source {
                    service: service.name(),
                    topics: service.topics(),
                    target: self.database_settings(service).target,
                    published: self.databases.get(&service).map(Db::published),
                });
            }
        }
        let deps = SourcesDeps {
            tasks: self.tasks.clone(),
            metrics,
            poll: BusSettings::default().poll,
        };
        Sources::open_carried(within, beyond, carriers, deps)
            .context("the logs of events could not be opened")
    }

    /// Where a service's database is.
    pub(crate) fn database_settings(&self, service: Service) -> DbSettings {
        let target = match &self.database.url {
            Some(url) => DbTarget::Postgres {
                url: url.clone(),
                schema: service.name().to_owned(),
            },
            None => DbTarget::Sqlite {
                file: self.data.join(format!("{service}.db")),
            },
        };
        DbSettings {
            readers: self.database.readers,
            writers: self.database.writers,
            queue: self.database.queue,
            ..DbSettings::new(service.name(), target)
        }
    }

    fn peer(&self, service: Service) -> anyhow::Result<kit_config::BaseUrl> {
        match self.peers.by_service.get(service.name()) {
            Some(address) => Ok(address.clone()),
            None => bail!("no peer configured for `{service}`; set `peers.{service}`, or run it here"),
        }
    }
}

fn internal_keys(config: RpcConfig, data: &Path) -> anyhow::Result<Vec<Secret<String>>> {
    if !config.keys.is_empty() {
        return Ok(config.keys);
    }
    let file = data.join("keys/internal.secret");
    Ok(vec![secret_file::read_or_create_text(&file, || {
        made_key().expose().clone()
    })?])
}

fn made_key() -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(Ids::system().random::<32>()))
}
