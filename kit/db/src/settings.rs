//! What a caller says to open a database. Plain values: this crate reads no configuration.

use std::path::PathBuf;
use std::time::Duration;

use kit_runtime::{Clock, Ids, Secret, Tasks};

use crate::dialect::Dialect;
use crate::metrics::DbMetrics;

/// Where a service's tables are.
#[derive(Clone, Debug)]
pub enum DbTarget {
    /// A file, made with its folder where there is none. Hold a [`crate::DataFolder`] on the folder, so that
    /// no second process opens it.
    Sqlite {
        /// The file.
        file: PathBuf,
    },
    /// A schema of a PostgreSQL database, made where there is none.
    Postgres {
        /// `postgres://user:password@host:port/database`; libpq's parameters such as `sslmode` may follow.
        url: Secret<String>,
        /// Lower-case letters, digits and underscores.
        schema: String,
    },
}

impl DbTarget {
    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }
}

/// A database and how much of it a service may take.
#[derive(Clone, Debug)]
pub struct DbSettings {
    /// The service's name: the source of its events, and what the server's list of sessions shows.
    pub service: &'static str,
    /// Where the tables are.
    pub target: DbTarget,
    /// Connections for reading.
    pub readers: usize,
    /// Connections for writing, on PostgreSQL; a SQLite file has one.
    pub writers: usize,
    /// Units that may wait or run at once; one more is refused as unavailable.
    pub queue: usize,
    /// On SQLite, how long units join the group that is being run, counted from its beginning: the first of
    /// a group waits for the last.
    pub group_limit: Duration,
    /// How long to wait for a connection, and for a server to accept one.
    pub wait_limit: Duration,
    /// How long a unit of work or a read may take.
    pub unit_limit: Duration,
}

impl DbSettings {
    /// The defaults: two readers on SQLite; five connections in all on PostgreSQL, whose connections eleven
    /// services share.
    pub fn new(service: &'static str, target: DbTarget) -> Self {
        Self {
            service,
            target,
            readers: 2,
            writers: 3,
            queue: 1024,
            group_limit: Duration::from_millis(25),
            wait_limit: Duration::from_secs(3),
            unit_limit: Duration::from_secs(5),
        }
    }
}

/// What a database needs from its process.
#[derive(Clone, Debug)]
pub struct DbDeps {
    /// Where writes run.
    pub tasks: Tasks,
    /// The time of events and keys.
    pub clock: Clock,
    /// Identifiers of events, and the jitter of retries.
    pub ids: Ids,
    /// Where units are counted, if anywhere.
    pub metrics: Option<DbMetrics>,
}
