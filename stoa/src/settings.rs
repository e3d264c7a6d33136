//! The configuration of the process as a whole, and the catalogue of everything that may be set.

use std::net::SocketAddr;
use std::path::PathBuf;

use auth_api::TokenConfig;
use kit_bus::BusSettings;
use kit_config::{AliasKind, BaseUrl, Catalog, Check, Loaded, Map, Section, Sources, Span};
use kit_rpc::InternalKeys;
use kit_runtime::Secret;

use crate::carriers::{CarriersConfig, KafkaConfig, RabbitMqConfig};
use crate::redis::RedisConfig;
use crate::services::{self, KnownService};
use crate::telemetry::{self, TelemetryConfig};

kit_config::config! {
    /// Files of this process.
    pub(crate) struct DataConfig("data") {
        /// The data folder: databases in embedded mode, generated keys.
        dir: PathBuf = "data",
    }
}

kit_config::config! {
    /// The time of this process.
    pub(crate) struct ClockConfig("clock") {
        /// Whether `stoa clock advance` may move it, which is for trying things out with `stoa up`. From then on the data
        /// folder is of a later time.
        test: bool = "false",
    }
}

kit_config::config! {
    /// The databases.
    pub(crate) struct DatabaseConfig("database") {
        /// `postgres://user:password@host:port/database`: a schema for each service. Without it, a SQLite file
        /// for each service in the data folder.
        url: Option<Secret<String>>,
        /// Connections for reading, for each service.
        readers: usize = "2",
        /// Connections for writing, for each service, on PostgreSQL.
        writers: usize = "3",
        /// How many writes may wait, for each service; one more is answered 503.
        queue: usize = "1024",
    }
    validate(check_database)
}

fn check_database(config: &DatabaseConfig, check: &mut Check<'_>) {
    for (key, number) in [
        ("readers", config.readers),
        ("writers", config.writers),
        ("queue", config.queue),
    ] {
        if number == 0 {
            check.refuse(key, "must be at least 1");
        }
    }
    let is_postgres = |url: &Secret<String>| {
        let scheme = url.expose().split_once("://").map(|(scheme, _)| scheme);
        matches!(scheme, Some("postgres" | "postgresql"))
    };
    if config.url.as_ref().is_some_and(|url| !is_postgres(url)) {
        check.refuse("url", "does not begin with `postgres://`");
    }
}

kit_config::config! {
    /// What services tell each other.
    pub(crate) struct EventsConfig("events") {
        /// How often an event is tried whose handler fails, with growing pauses, until it is a dead letter.
        attempts: u32 = "16",
        /// How long a log keeps its events at least; it keeps them longer while a consumer has not passed them.
        kept: Span = "24h",
    }
    validate(check_events)
}

fn check_events(config: &EventsConfig, check: &mut Check<'_>) {
    if config.attempts == 0 {
        check.refuse("attempts", "must be at least 1");
    }
}

impl EventsConfig {
    /// How the bus of a service behaves.
    pub(crate) fn settings(&self) -> BusSettings {
        let mut settings = BusSettings::default();
        settings.retry.attempts = self.attempts;
        settings.retention.kept = self.kept.into();
        settings
    }
}

kit_config::config! {
    /// The admin listener: metrics and readiness. Never expose it.
    pub(crate) struct AdminConfig("admin") {
        /// Where it listens.
        listen: SocketAddr = "127.0.0.1:9901",
    }
}

kit_config::config! {
    /// Start and stop.
    pub(crate) struct RuntimeConfig("runtime") {
        /// After the signal to stop: not ready, but still serving, so that load balancers notice. 5 s where it
        /// is not set, none with `stoa up`.
        lame_duck: Option<Span>,
        /// How long requests at hand may take to finish.
        hard_stop: Span = "25s",
    }
}

kit_config::config_choice! {
    /// How a log line looks.
    pub(crate) enum LogFormat {
        /// Pretty on a terminal, JSON elsewhere.
        Auto = "auto",
        /// One JSON object a line.
        Json = "json",
        /// For people.
        Pretty = "pretty",
    }
}

kit_config::config! {
    /// Logs, on stderr.
    pub(crate) struct LogConfig("log") {
        /// How a line looks.
        format: LogFormat = "auto",
        /// What is logged, as `level` or `target=level`, separated by commas. Whose signature is wrong is an error to `s3s`, and
        /// to nobody else.
        filter: String = "info,s3s=off",
    }
}

kit_config::config! {
    /// Calls between services.
    pub(crate) struct RpcConfig("rpc") {
        /// The internal API keys, at least 32 bytes each. The first one is sent, any is accepted, so that they
        /// can be changed without a stop. Made on first start in the data folder where none is set.
        keys: Vec<Secret<String>>,
    }
    validate(check_rpc)
}

fn check_rpc(config: &RpcConfig, check: &mut Check<'_>) {
    if !config.keys.is_empty()
        && let Err(error) = InternalKeys::new(config.keys.clone())
    {
        check.refuse("keys", error.to_string());
    }
    for key in &config.keys {
        check.require_strong("keys", key);
    }
}

kit_config::config! {
    /// Where the services are that do not run in this process.
    pub(crate) struct PeersConfig("peers") {
        /// The base address of a service.
        #[key("*")]
        by_service: Map<BaseUrl>,
    }
    validate(check_peers)
}

fn check_peers(config: &PeersConfig, check: &mut Check<'_>) {
    for name in config.by_service.keys() {
        let is_known = services::all().any(|service| service.name == name.as_str());
        if !is_known {
            check.refuse(name, "there is no such service");
        }
    }
}

/// Everything that may be set.
pub(crate) fn catalog() -> Catalog {
    let mut catalog = Catalog::new()
        .section::<DataConfig>()
        .section::<ClockConfig>()
        .section::<DatabaseConfig>()
        .section::<EventsConfig>()
        .section::<CarriersConfig>()
        .section::<RabbitMqConfig>()
        .section::<KafkaConfig>()
        .section::<RedisConfig>()
        .section::<RuntimeConfig>()
        .section::<LogConfig>()
        .section::<TelemetryConfig>()
        .section::<AdminConfig>()
        .section::<RpcConfig>()
        .section::<PeersConfig>()
        .section::<TokenConfig>();
    for service in services::all() {
        catalog = service.configure(catalog);
    }
    telemetry::aliases(catalog)
        .alias("PORT", "port", AliasKind::Same)
        .alias("DATABASE_URL", "database.url", AliasKind::Same)
        .alias("REDIS_URL", "redis.url", AliasKind::Same)
        .alias("AMQP_URL", "rabbitmq.url", AliasKind::Same)
        .alias("KAFKA_BROKERS", "kafka.brokers", AliasKind::Same)
        .alias("JWT_SECRET", "token.jwt_secret", AliasKind::Same)
        .alias("TOKEN_EXPIRY", "token.expiry", AliasKind::Hours)
        .alias("AUTH_SERVICE_URL", "peers.auth", AliasKind::Same)
        .alias("USER_SERVICE_URL", "peers.users", AliasKind::Same)
        .alias("STOA_ADMIN_USERNAME", "auth.admin.username", AliasKind::Same)
        .alias("STOA_ADMIN_EMAIL", "auth.admin.email", AliasKind::Same)
        .alias("STOA_ADMIN_PASSWORD", "auth.admin.password", AliasKind::Same)
}

/// Loads the configuration of this process.
pub(crate) fn load(file: Option<PathBuf>, flags: Vec<(String, String)>) -> anyhow::Result<Loaded> {
    Ok(catalog().load(Sources::from_process(file, flags))?)
}

/// A section, its problems told.
pub(crate) fn section<S: Section>(loaded: &Loaded) -> anyhow::Result<S> {
    Ok(loaded.get::<S>()?)
}

/// Where a service listens on a port of its own.
pub(crate) fn listen_address(loaded: &Loaded, service: KnownService) -> anyhow::Result<SocketAddr> {
    Ok(loaded.value(&format!("{}.listen", service.name))?)
}
