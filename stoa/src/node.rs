//! A process and what it hosts. The one trick is [`Node::place`]: a service is built here or called there,
//! and nobody else has to know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::BackendPlace;
use kit_config::{Loaded, secret_file};
use kit_db::{DataFolder, Db, DbDeps, DbMetrics, DbSettings, DbTarget};
use kit_rpc::pool::PoolSettings;
use kit_rpc::{Hosted, InternalKeys, Remote, RpcPool};
use kit_runtime::{Clock, Ids, Readiness, Secret, Tasks};
use kit_telemetry::Metrics;

use crate::services::Service;
use crate::settings::{DataConfig, DatabaseConfig, PeersConfig, RpcConfig, section};

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
    pub internal_keys: InternalKeys,
    db_metrics: DbMetrics,
    database: DatabaseConfig,
    peers: PeersConfig,
    pool: RpcPool,
    placed: BTreeMap<Service, OwnPort>,
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
    pub(crate) fn new(config: Loaded, hosts: BTreeSet<Service>, tasks: Tasks) -> anyhow::Result<Self> {
        let database: DatabaseConfig = section(&config)?;
        let data = section::<DataConfig>(&config)?.dir;
        // Processes may share the folder of their keys; a SQLite file in it has one owner.
        let stores = hosts.iter().any(|service| service.migrations().is_some());
        let folder = if stores && database.url.is_none() {
            Some(DataFolder::lock(&data)?)
        } else {
            None
        };
        let ids = Ids::system();
        let keys = internal_keys(section(&config)?, &data, &ids)?;
        let metrics = Metrics::new();
        Ok(Self {
            peers: section(&config)?,
            pool: RpcPool::new(PoolSettings::default(), tasks.clone()),
            config,
            hosts,
            data,
            clock: Clock::system(),
            ids,
            tasks,
            readiness: Readiness::new(),
            db_metrics: DbMetrics::new(&metrics),
            metrics,
            internal_keys: InternalKeys::new(keys).context("`rpc.keys` cannot be used")?,
            database,
            placed: BTreeMap::new(),
            _folder: folder,
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
        match self.host(service, build).await? {
            Some(client) => Ok(client),
            None => Ok(remote(Remote::new(
                &self.pool,
                &self.peer(service)?,
                self.internal_keys.clone(),
            )?)),
        }
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

    /// Opens a service's database, its migrations run.
    pub(crate) async fn database(&self, service: Service) -> anyhow::Result<Db> {
        let migrations = service
            .migrations()
            .ok_or_else(|| anyhow!("service `{service}` has no database"))?;
        let deps = DbDeps {
            tasks: self.tasks.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            metrics: Some(self.db_metrics.clone()),
        };
        let opened = Db::open(self.database_settings(service), &migrations, &deps).await;
        opened.with_context(|| format!("the database of `{service}` could not be opened"))
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

fn internal_keys(config: RpcConfig, data: &Path, ids: &Ids) -> anyhow::Result<Vec<Secret<String>>> {
    if !config.keys.is_empty() {
        return Ok(config.keys);
    }
    let made = || URL_SAFE_NO_PAD.encode(ids.random::<32>());
    Ok(vec![secret_file::read_or_create_text(
        &data.join("keys/internal.secret"),
        made,
    )?])
}
