//! A process and what it hosts: where its state is, and where the services are that it does not host.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;

use anyhow::{Context, anyhow};
use auth_api::TokenConfig;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_bus::{Bus, BusDeps, BusMetrics, BusSettings, Carriers, Source, Sources, SourcesDeps};
use kit_config::{Loaded, secret_file};
use kit_db::{DataFolder, Db, DbDeps, DbMetrics, DbSettings, DbTarget, Migrations};
use kit_rpc::pool::PoolSettings;
use kit_rpc::{InternalKeys, RpcPool};
use kit_runtime::{Clock, Ids, Readiness, Secret, Tasks};
use kit_service::{Directory, Home, Peers, Process};
use kit_telemetry::{Metrics, Tracer};

use crate::services::{self, KnownService};
use crate::settings::{DataConfig, DatabaseConfig, EventsConfig, PeersConfig, RpcConfig, section};
use crate::{carriers, shifted_clock, tokens};

/// A process, what its services share by `Deref`, and what they have of their own.
pub(crate) struct Node {
    /// What its services share.
    pub process: Process,
    /// The services that it hosts, in the order they are built.
    pub hosts: Vec<KnownService>,
    db_metrics: DbMetrics,
    database: DatabaseConfig,
    addresses: PeersConfig,
    databases: BTreeMap<&'static str, Db>,
    buses: BTreeMap<&'static str, Bus>,
    /// Held while the process lives.
    _folder: Option<DataFolder>,
}

impl Deref for Node {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl Node {
    /// A process that owns what it hosts.
    pub(crate) fn new(config: Loaded, hosts: &[KnownService], tasks: Tasks) -> anyhow::Result<Self> {
        let clock = shifted_clock::open(&config, &tasks)?;
        Self::with_clock(config, hosts, tasks, clock)
    }

    /// The same, with a clock of its own.
    pub(crate) fn with_clock(
        config: Loaded,
        hosts: &[KnownService],
        tasks: Tasks,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let data = section::<DataConfig>(&config)?.dir;
        // Processes may share the folder of their keys; a SQLite file in it has one owner.
        let stores = hosts.iter().any(|service| service.migrations.is_some());
        let folder = if stores && section::<DatabaseConfig>(&config)?.url.is_none() {
            Some(DataFolder::lock(data.clone())?)
        } else {
            None
        };
        let keys = internal_keys(section(&config)?, &data)?;
        let keys = InternalKeys::new(keys).context("`rpc.keys` cannot be used")?;
        Ok(Self {
            _folder: folder,
            ..Self::assemble(config, hosts, (tasks, clock), keys)?
        })
    }

    /// A process that looks at what another may own, and is nobody to the other services: every service whose
    /// database is there and up to date, opened. Says of each other one.
    pub(crate) async fn beside(
        config: Loaded,
        tasks: Tasks,
        say: impl Fn(KnownService),
    ) -> anyhow::Result<Self> {
        let stores: Vec<_> = services::all()
            .filter(|service| service.migrations.is_some())
            .collect();
        let mut node = Self::assemble(
            config,
            &stores,
            (tasks, Clock::system()),
            InternalKeys::new(vec![made_key()])?,
        )?;
        node.leave_out_pending(say).await?;
        node.open_databases().await?;
        Ok(node)
    }

    fn assemble(
        config: Loaded,
        hosts: &[KnownService],
        (tasks, clock): (Tasks, Clock),
        internal_keys: InternalKeys,
    ) -> anyhow::Result<Self> {
        let metrics = Metrics::new();
        let token: TokenConfig = section(&config)?;
        let database: DatabaseConfig = section(&config)?;
        // A SQLite file has one owner.
        let signs_alone = database.url.is_none() && hosts.iter().any(|host| host.name == tokens::SIGNER);
        Ok(Self {
            // In the order of the list, whatever the order they were named in.
            hosts: services::all()
                .filter(|known| hosts.iter().any(|host| host.name == known.name))
                .collect(),
            db_metrics: DbMetrics::new(&metrics),
            database,
            addresses: section(&config)?,
            databases: BTreeMap::new(),
            buses: BTreeMap::new(),
            process: Process {
                data: section::<DataConfig>(&config)?.dir,
                verifier: tokens::verifier(&token, &clock, signs_alone)?,
                config,
                clock,
                ids: Ids::system(),
                tasks,
                readiness: Readiness::new(),
                metrics,
                tracer: Tracer::off(),
                internal_keys,
                redis: None,
            },
            _folder: None,
        })
    }

    /// Whether the process hosts a service of this name.
    pub(crate) fn is_host_of(&self, name: &str) -> bool {
        self.hosts.iter().any(|service| service.name == name)
    }

    /// Whether the service runs here or is configured as a peer.
    pub(crate) fn reaches(&self, name: &str) -> bool {
        self.is_host_of(name) || self.addresses.by_service.contains_key(name)
    }

    /// The other services, none of which is known to run here yet.
    pub(crate) fn peers(&self) -> Peers {
        let addresses = self.addresses.by_service.iter();
        Peers::new(Directory {
            tables: services::all()
                .filter_map(|service| service.routes.clone())
                .collect(),
            addresses: addresses
                .map(|(name, address)| (name.to_owned(), address.clone()))
                .collect(),
            pool: RpcPool::new(PoolSettings::default(), self.tasks.clone()),
            internal_keys: self.internal_keys.clone(),
            tracer: self.tracer.clone(),
        })
    }

    /// What a hosted service gets of this process.
    pub(crate) fn home(&self, service: KnownService) -> Home {
        let mut home = Home::new(self.process.clone(), service.name);
        if let Some(db) = self.databases.get(service.name) {
            home = home.with_db(db.clone());
        }
        if let Some(bus) = self.buses.get(service.name) {
            home = home.with_bus(bus.clone());
        }
        home
    }

    /// Opens the databases of the hosted services, their migrations run.
    pub(crate) async fn open_databases(&mut self) -> anyhow::Result<()> {
        for service in self.hosts.clone() {
            if let Some(migrations) = &service.migrations {
                let db = self.open_database(service, migrations).await?;
                self.databases.insert(service.name, db);
            }
        }
        Ok(())
    }

    async fn open_database(&self, service: KnownService, migrations: &Migrations) -> anyhow::Result<Db> {
        let deps = DbDeps {
            tasks: self.tasks.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            metrics: Some(self.db_metrics.clone()),
        };
        let opened = Db::open(self.database_settings(service), migrations, &deps).await;
        opened.with_context(|| format!("the database of `{}` could not be opened", service.name))
    }

    /// The migrations that a service's database has not seen.
    pub(crate) async fn pending_migrations(&self, service: KnownService) -> anyhow::Result<Vec<String>> {
        let Some(migrations) = service.migrations else {
            return Ok(Vec::new());
        };
        let plan = Db::plan(&self.database_settings(service), &migrations).await;
        let plan = plan.with_context(|| format!("the database of `{}` could not be read", service.name))?;
        Ok(plan.pending)
    }

    /// Leaves out services whose databases are not there or not up to date, and says of each.
    async fn leave_out_pending(&mut self, say: impl Fn(KnownService)) -> anyhow::Result<()> {
        for service in self.hosts.clone() {
            if !self.pending_migrations(service).await?.is_empty() {
                say(service);
                self.hosts.retain(|host| host.name != service.name);
            }
        }
        Ok(())
    }

    /// The database of a hosted service, once it is opened.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<Db> {
        let db = self.databases.get(name).cloned();
        db.ok_or_else(|| anyhow!("the database of `{name}` is not open here"))
    }

    /// The databases of the hosted services.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Db> {
        self.databases.values()
    }

    /// A bus of this process, whichever service's it is.
    pub(crate) fn any_bus(&self) -> Option<Bus> {
        self.buses.values().next().cloned()
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
            self.buses.insert(service, bus);
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
        for service in services::all() {
            let db = self.databases.get(service.name);
            if self.database.url.is_none() && db.is_none() {
                beyond.extend(service.topics);
            } else if service.migrations.is_some() {
                within.push(Source {
                    service: service.name,
                    topics: service.topics,
                    target: self.database_settings(service).target,
                    published: db.map(Db::published),
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
    pub(crate) fn database_settings(&self, service: KnownService) -> DbSettings {
        let target = match &self.database.url {
            Some(url) => DbTarget::Postgres {
                url: url.clone(),
                schema: service.name.to_owned(),
            },
            None => DbTarget::Sqlite {
                file: self.data.join(format!("{}.db", service.name)),
            },
        };
        DbSettings {
            readers: self.database.readers,
            writers: self.database.writers,
            queue: self.database.queue,
            ..DbSettings::new(service.name, target)
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
