//! What a process shares with the services that it hosts.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;

use anyhow::anyhow;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_bus::{Admin, Bus};
use kit_cache::{CacheDeps, CacheMetrics};
use kit_config::{BaseUrl, Loaded, Section, secret_file};
use kit_db::Db;
use kit_http::Guard;
use kit_redis::Redis;
use kit_rpc::InternalKeys;
use kit_runtime::{Clock, Ids, Readiness, Secret, Tasks};
use kit_telemetry::{Metrics, Tracer};
use kit_token::Verifier;

use crate::Units;

/// What all services of a process share. Cheap to clone.
#[derive(Clone)]
pub struct Process {
    /// The configuration.
    pub config: Loaded,
    /// The data folder.
    pub data: PathBuf,
    /// The clock.
    pub clock: Clock,
    /// Identifiers and randomness.
    pub ids: Ids,
    /// The tasks on which background loops run.
    pub tasks: Tasks,
    /// Where a service says whether it can do its work.
    pub readiness: Readiness,
    /// The registry of metrics.
    pub metrics: Metrics,
    /// The tracer, which exports spans where it is configured.
    pub tracer: Tracer,
    /// Verifies access tokens.
    pub verifier: Verifier,
    /// The keys of processes that may call contracts.
    pub internal_keys: InternalKeys,
    /// What processes share that may be lost, if anything.
    pub redis: Option<Redis>,
}

/// What one service gets of its process: everything of [`Process`] by `Deref`, and its own database and bus.
#[derive(Clone)]
pub struct Home {
    process: Process,
    service: &'static str,
    db: Option<Db>,
    bus: Option<Bus>,
    events: Option<Admin>,
}

impl Home {
    /// Of a service without a database.
    pub fn new(process: Process, service: &'static str) -> Self {
        Self {
            process,
            service,
            db: None,
            bus: None,
            events: None,
        }
    }

    /// The same with the service's database, whose health is part of the process's readiness from now on.
    #[must_use]
    pub fn with_db(mut self, db: Db) -> Self {
        let checked = db.clone();
        let name = format!("{}.database", self.service);
        self.process.readiness.check(name, move || {
            let db = checked.clone();
            async move { db.check().await }
        });
        self.db = Some(db);
        self
    }

    /// The same with the service's bus.
    #[must_use]
    pub fn with_bus(mut self, bus: Bus) -> Self {
        self.bus = Some(bus);
        self
    }

    /// The same with the way to look after the service's events, for a command.
    #[must_use]
    pub fn with_events(mut self, events: Admin) -> Self {
        self.events = Some(events);
        self
    }

    /// The service's name.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// A section of the configuration.
    pub fn section<S: Section>(&self) -> anyhow::Result<S> {
        Ok(self.config.get::<S>()?)
    }

    /// Where people reach the platform, for links: what the gateway's section says, whichever process it runs in.
    pub fn public_url(&self) -> anyhow::Result<BaseUrl> {
        if let Some(url) = self.config.value("gateway.public_url")? {
            return Ok(url);
        }
        let listen: Option<SocketAddr> = self.config.value("gateway.listen")?;
        let usual = SocketAddr::from(([127, 0, 0, 1], 8080));
        Ok(format!("http://{}", listen.unwrap_or(usual)).parse()?)
    }

    /// A secret of the data folder, 256 random bits in base64url: what stands in `keys/<name>.secret`, which is made where
    /// there is none. Processes with folders of their own need it by configuration.
    pub fn secret(&self, name: &str) -> io::Result<Secret<String>> {
        let path = self.data.join(format!("keys/{name}.secret"));
        secret_file::read_or_create_text(&path, || URL_SAFE_NO_PAD.encode(self.ids.random::<32>()))
    }

    /// The service's database.
    pub fn db(&self) -> anyhow::Result<Db> {
        let db = self.db.clone();
        db.ok_or_else(|| anyhow!("the database of `{}` is not open here", self.service))
    }

    /// The service's bus.
    pub fn bus(&self) -> anyhow::Result<Bus> {
        let bus = self.bus.clone();
        bus.ok_or_else(|| anyhow!("the bus of `{}` is not open here", self.service))
    }

    /// How far the service's consumers are, and its dead letters.
    pub fn events(&self) -> anyhow::Result<Admin> {
        let events = self.events.clone().or_else(|| Some(self.bus.as_ref()?.admin()));
        events.ok_or_else(|| anyhow!("the events of `{}` are out of reach", self.service))
    }

    /// How the service's use cases read and write.
    pub fn units(&self) -> anyhow::Result<Units> {
        Ok(Units::new(self.db()?, self.clock.clone(), self.ids.clone()))
    }

    /// What stands before the service's handlers.
    pub fn guard(&self) -> Guard {
        Guard::new(self.verifier.clone())
    }

    /// The dependencies of a cache.
    pub fn cache(&self) -> CacheDeps {
        CacheDeps {
            tasks: self.tasks.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            metrics: Some(CacheMetrics::new(&self.metrics)),
        }
    }
}

impl Deref for Home {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}
