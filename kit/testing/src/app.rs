//! The service under test: built as its process builds it, on a real database, served over real HTTP.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use kit_bus::{Bus, BusDeps, BusSettings, Source, Sources, SourcesDeps};
use kit_config::{Catalog, Section, Sources as ConfigSources};
use kit_db::{Db, DbDeps, DbTarget, Migrations, Reader, Row, Tx, sql};
use kit_event::Topic;
use kit_redis::{Redis, RedisDeps, RedisSettings};
use kit_rpc::pool::PoolSettings;
use kit_rpc::{ContractClient, RpcPool};
use kit_runtime::{Clock, Ids};
use kit_service::{Directory, Home, Notice, Peers, Process, Service};
use kit_telemetry::Tracer;
use kit_token::{Role, Verifier};

use crate::client::Client;
use crate::db::{deps, patient};
use crate::fixture::Fixture;
use crate::identity::Identity;
use crate::process::TestProcess;
use crate::proxy::DatabaseProxy;

type Provide = dyn FnOnce(&Peers) + Send;

/// How a service under test is started. Everything has a default but the service.
pub struct AppBuilder {
    service: Service,
    process: Arc<TestProcess>,
    target: DbTarget,
    data: std::path::PathBuf,
    catalog: Catalog,
    settings: Vec<(String, String)>,
    verifier: Verifier,
    clock: Clock,
    logs: Vec<Source>,
    out_of_reach: Vec<&'static Topic>,
    redis: Option<RedisSettings>,
    provide: Vec<Box<Provide>>,
}

impl AppBuilder {
    /// A configuration key, such as `payments.transaction_limit`.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Several of them.
    #[must_use]
    pub fn set_all(self, settings: &[(&str, &str)]) -> Self {
        settings
            .iter()
            .fold(self, |builder, (key, value)| builder.set(key, value))
    }

    /// A section of the configuration that the service reads beside its own.
    #[must_use]
    pub fn section<S: Section>(mut self) -> Self {
        self.catalog = self.catalog.section::<S>();
        self
    }

    /// The client of a contract that the service calls.
    #[must_use]
    pub fn peer<C: Any + Send + Sync>(mut self, client: C) -> Self {
        self.provide.push(Box::new(move |peers| peers.provide(client)));
        self
    }

    /// A process that runs already.
    #[must_use]
    pub fn process(mut self, process: Arc<TestProcess>) -> Self {
        self.verifier = process.verifier.clone();
        self.clock = process.clock();
        self.process = process;
        self
    }

    /// Another way to the database, such as by a proxy.
    #[must_use]
    pub fn target(mut self, target: DbTarget) -> Self {
        self.target = target;
        self
    }

    /// Another verifier than the process's.
    #[must_use]
    pub fn verifier(mut self, verifier: Verifier) -> Self {
        self.verifier = verifier;
        self
    }

    /// A verifier that has no keys yet.
    ///
    /// # Panics
    /// When the tests' rules are refused.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without a verifier cannot go on")]
    pub fn without_keys(self) -> Self {
        let verifier = Verifier::new(TestProcess::rules(), self.process.clock());
        self.verifier(verifier.expect("the rules are sound"))
    }

    /// Another clock than the process's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The log of another service, in reach.
    #[must_use]
    pub fn log(mut self, log: Source) -> Self {
        self.logs.push(log);
        self
    }

    /// Topics that are published out of reach.
    #[must_use]
    pub fn out_of_reach(mut self, topics: &[&'static Topic]) -> Self {
        self.out_of_reach.extend(topics);
        self
    }

    /// A Redis that the process has.
    #[must_use]
    pub fn redis(mut self, settings: RedisSettings) -> Self {
        self.redis = Some(settings);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be built.
    #[expect(clippy::expect_used, reason = "a story without its service cannot go on")]
    pub async fn start(self) -> App {
        self.try_start().await.expect("the service starts")
    }

    /// Starts it with a line to PostgreSQL that can be cut.
    ///
    /// # Panics
    /// When it cannot be built, or is on SQLite.
    pub async fn start_behind_proxy(self) -> (App, DatabaseProxy) {
        let proxy = DatabaseProxy::before(&self.target, &self.process.lifecycle.tasks()).await;
        (self.target(proxy.target()).start().await, proxy)
    }

    /// Starts it, in a story in which that may fail.
    ///
    /// # Errors
    /// Those of its `build`.
    ///
    /// # Panics
    /// When what is around it cannot be had.
    pub async fn try_start(self) -> anyhow::Result<App> {
        let Self { service, process, .. } = &self;
        let migrations = service.migrations.unwrap_or_else(Migrations::none);
        let db = open_database(
            process,
            (service.name, self.clock.clone()),
            self.target.clone(),
            &migrations,
        )
        .await;
        let bus = self.open_bus(&db);
        let peers = Peers::new(Directory {
            tables: service.routes.iter().cloned().collect(),
            addresses: BTreeMap::new(),
            pool: RpcPool::new(PoolSettings::default(), process.lifecycle.tasks()),
            internal_keys: process.internal_keys(),
            tracer: Tracer::off(),
        });
        let home = Home::new(self.shared()?, service.name)
            .with_db(db.clone())
            .with_bus(bus.clone());
        for provide in self.provide {
            provide(&peers);
        }
        let built = self.service.build(home, peers.clone()).await?;
        Ok(App {
            address: self.process.serve(built.routes).await,
            internal: built.internal,
            notices: built.notices,
            process: self.process,
            db,
            bus,
            peers,
        })
    }

    fn shared(&self) -> anyhow::Result<Process> {
        let flags = self.settings.clone();
        let sources = ConfigSources {
            flags,
            ..ConfigSources::default()
        };
        let process = &self.process;
        let redis_deps = RedisDeps {
            tasks: process.lifecycle.tasks(),
            ids: Ids::system(),
            metrics: None,
        };
        let redis = self
            .redis
            .clone()
            .map(|settings| Redis::open(settings, redis_deps));
        Ok(Process {
            config: self.service.configure(self.catalog.clone()).load(sources)?,
            data: self.data.clone(),
            clock: self.clock.clone(),
            ids: Ids::system(),
            tasks: process.lifecycle.tasks(),
            readiness: process.readiness.clone(),
            metrics: process.metrics.clone(),
            tracer: Tracer::off(),
            verifier: self.verifier.clone(),
            internal_keys: process.internal_keys(),
            redis: redis.transpose()?,
        })
    }

    #[expect(clippy::expect_used, reason = "a story without its bus cannot go on")]
    fn open_bus(&self, db: &Db) -> Bus {
        let tasks = self.process.lifecycle.tasks();
        let mut logs = self.logs.clone();
        logs.push(Source {
            service: self.service.name,
            topics: self.service.topics,
            target: self.target.clone(),
            published: Some(db.published()),
        });
        let deps = SourcesDeps {
            tasks: tasks.clone(),
            metrics: None,
            poll: hurried().poll,
        };
        let sources = Sources::open_within_reach(logs, self.out_of_reach.clone(), deps);
        Bus::new(BusDeps {
            db: db.clone(),
            sources: sources.expect("the logs can be read"),
            tasks,
            // Leases and retries need one that goes on.
            clock: Clock::system(),
            ids: Ids::system(),
            metrics: None,
            tracer: Tracer::off(),
            settings: hurried(),
        })
    }
}

/// The bus of a test does soon what otherwise has time: what a process leaves that ends in the middle is taken over at
/// once.
fn hurried() -> BusSettings {
    BusSettings {
        lease: Duration::from_secs(1),
        checkpoint: Duration::from_millis(200),
        poll: Duration::from_millis(100),
        ..BusSettings::default()
    }
}

/// Opens the database of a service as its process would.
///
/// # Panics
/// When it cannot be opened.
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn open_database(
    process: &TestProcess,
    (service, clock): (&'static str, Clock),
    target: DbTarget,
    migrations: &Migrations,
) -> Db {
    let deps = DbDeps {
        clock,
        ..deps(&process.lifecycle)
    };
    let opened = Db::open(patient(service, target), migrations, &deps).await;
    opened.expect("the database opens")
}

/// A service under test, running.
pub struct App {
    /// What it runs in.
    pub process: Arc<TestProcess>,
    /// Its database.
    pub db: Db,
    /// Its bus.
    pub bus: Bus,
    /// Its clients, and those of what it calls.
    pub peers: Peers,
    /// Its contract's routes.
    pub internal: Router,
    /// What it would tell its operator.
    pub notices: Vec<Notice>,
    /// Where it listens.
    pub address: SocketAddr,
}

#[expect(
    clippy::expect_used,
    reason = "a story whose service does not answer cannot go on"
)]
impl App {
    /// A service under test, on the tables of a fixture.
    #[must_use]
    pub fn of(fixture: &Fixture, service: Service) -> AppBuilder {
        let process = fixture.process();
        AppBuilder {
            target: fixture.target(),
            data: fixture.data().to_owned(),
            catalog: Catalog::new(),
            settings: Vec::new(),
            verifier: process.verifier.clone(),
            clock: process.clock(),
            logs: Vec::new(),
            out_of_reach: Vec::new(),
            redis: None,
            provide: Vec::new(),
            service,
            process,
        }
    }

    /// Ends the process at once, whatever it is at; the fixture stays.
    pub async fn stop(self) {
        self.process.lifecycle.end().await;
    }

    /// The client of a contract, in this process.
    ///
    /// # Panics
    /// When nobody provided it.
    #[must_use]
    pub fn contract<C: ContractClient>(&self) -> C {
        self.peers.client().expect("the contract is here")
    }

    /// The client of the service's contract in each of the three ways to call it: in this process, through the
    /// codec, and over HTTP.
    pub async fn each_transport<C: ContractClient>(&self) -> [(&'static str, C); 3] {
        let address = self.process.serve(self.internal.clone()).await;
        [
            ("local", self.contract()),
            ("loopback", self.contract::<C>().through_codec()),
            ("http", C::of_peer(self.process.remote(address))),
        ]
    }

    /// Nobody in particular.
    #[must_use]
    pub fn stranger(&self) -> Client {
        self.process.client(self.address)
    }

    /// Somebody new.
    #[must_use]
    pub fn sign_up(&self, username: &str) -> Person {
        self.person(Identity::customer(username))
    }

    /// A member of the staff.
    #[must_use]
    pub fn staff(&self) -> Person {
        self.person(Identity::new("clerk", Role::Staff))
    }

    /// An admin.
    #[must_use]
    pub fn admin(&self) -> Person {
        self.person(Identity::admin("root"))
    }

    /// Somebody, signed in.
    #[must_use]
    pub fn person(&self, identity: Identity) -> Person {
        Person {
            client: self.process.client_of(self.address, &identity),
            token: self.process.sign_in(&identity),
            id: identity.user_id.to_string(),
            identity,
        }
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn rows(&self, query: &'static str) -> Vec<Row> {
        let read = async move |reader: &mut Reader| sql(query).all(reader).await;
        self.db.read(read).await.expect("the query is good")
    }

    /// How many rows a query gives.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn count(&self, query: &'static str) -> usize {
        self.rows(query).await.len()
    }

    /// Changes rows behind the service's back; how many.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn execute(&self, statement: &'static str) -> u64 {
        let write = async move |tx: &mut Tx| sql(statement).execute(tx).await;
        self.db.write(write).await.expect("the statement is good")
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    /// Sends their requests.
    pub client: Client,
    /// Their token.
    pub token: String,
    /// Their identifier.
    pub id: String,
    /// Who they are.
    pub identity: Identity,
}

impl Person {
    /// The same person, who sends this idempotency key.
    #[must_use]
    pub fn keyed(&self, key: &str) -> Self {
        Self {
            client: self.client.with("idempotency-key", key),
            ..self.clone()
        }
    }
}
