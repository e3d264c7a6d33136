//! Connections: how each is made, and the session's settings that every one of them gets.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::classify::setting_ms;
use crate::driver::{Connection, DriverError, PostgresConnection, SqliteConnection, SqliteUse, blocking};
use crate::open::OpenError;
use crate::settings::{DbSettings, DbTarget};

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Reading alone; the database refuses writes.
    Read,
    /// Units of work.
    Write,
    /// Migrations, which may take longer than a unit.
    Migrate,
}

/// Makes connections of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    target: Target,
    setup: String,
    limit: Duration,
}

#[derive(Clone, Debug)]
enum Target {
    Sqlite {
        file: PathBuf,
        usage: SqliteUse,
        /// How long a lock is waited for that another process (a backup, a shell) holds.
        busy: Duration,
    },
    Postgres(Box<PgConnectOptions>),
}

impl Connector {
    pub(crate) fn new(settings: &DbSettings, purpose: Purpose) -> Result<Self, OpenError> {
        let (target, setup) = match &settings.target {
            DbTarget::Sqlite { file } => {
                let target = Target::Sqlite {
                    file: file.clone(),
                    usage: sqlite_use(purpose),
                    busy: settings.unit_limit,
                };
                (target, sqlite_setup(purpose).to_owned())
            }
            DbTarget::Postgres { url, schema } => {
                valid_schema(schema)?;
                // The driver's message may repeat the URL, and with it the password.
                let options = PgConnectOptions::from_str(url.expose()).map_err(|_| OpenError::Url)?;
                let options = Box::new(options.disable_statement_logging());
                (
                    Target::Postgres(options),
                    postgres_setup(settings, schema, purpose),
                )
            }
        };
        Ok(Self {
            target,
            setup,
            limit: settings.wait_limit,
        })
    }

    /// A new connection with its session set up, or an error within the limit.
    pub(crate) async fn connect(&self) -> Result<Connection, DriverError> {
        let connected = tokio::time::timeout(self.limit, self.try_connect());
        connected.await.unwrap_or(Err(DriverError::Gone))
    }

    async fn try_connect(&self) -> Result<Connection, DriverError> {
        match self.target.clone() {
            Target::Sqlite { file, usage, busy } => {
                let setup = self.setup.clone();
                let opened = blocking(move || SqliteConnection::open(&file, usage, busy, &setup));
                Ok(Connection::Sqlite(opened.await??))
            }
            Target::Postgres(options) => {
                let opened = PostgresConnection::open(&options).await?;
                let mut connection = Connection::Postgres(Box::new(opened));
                connection.script(&self.setup).await?;
                Ok(connection)
            }
        }
    }
}

/// The file's absolute path, with its folder made, so that nothing in it is taken for a host or a parameter.
pub(crate) fn prepare_file(file: &Path) -> Result<PathBuf, OpenError> {
    let failed = |source| OpenError::Folder {
        path: file.display().to_string(),
        source,
    };
    let path = std::path::absolute(file).map_err(failed)?;
    if let Some(folder) = path.parent() {
        crate::folder::make(folder).map_err(failed)?;
    }
    // What SQLite writes beside it has the same rights.
    crate::folder::make_private(&path).map_err(failed)?;
    Ok(path)
}

fn sqlite_use(purpose: Purpose) -> SqliteUse {
    match purpose {
        Purpose::Read => SqliteUse::Read,
        Purpose::Write | Purpose::Migrate => SqliteUse::Write,
    }
}

fn sqlite_setup(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Read => "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;",
        // FULL syncs the log at each commit, which is what "acknowledged" means; `fullfsync` says so to macOS.
        Purpose::Write | Purpose::Migrate => {
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; \
             PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA journal_size_limit = 67108864; \
             PRAGMA wal_autocheckpoint = 8000;"
        }
    }
}

fn postgres_setup(settings: &DbSettings, schema: &str, purpose: Purpose) -> String {
    let unit = setting_ms(settings.unit_limit);
    // A little later than our own limit, which ends a unit more gently.
    let net = setting_ms(settings.unit_limit + Duration::from_secs(1));
    let mut setup = format!(
        "SET search_path TO \"{schema}\"; SET application_name TO 'stoa/{service}'; \
         SET client_min_messages TO warning; SET default_transaction_isolation TO 'read committed';",
        service = settings.service,
    );
    match purpose {
        Purpose::Migrate => setup.push_str("SET lock_timeout TO 60000;"),
        Purpose::Read | Purpose::Write => {
            // Writing into a string cannot fail. `transaction_timeout` is new in version 17.
            let _ = write!(
                setup,
                "SET statement_timeout TO {unit}; SET lock_timeout TO {unit}; \
                 SET idle_in_transaction_session_timeout TO {net}; \
                 SELECT set_config('transaction_timeout', '{net}', false) \
                  WHERE current_setting('server_version_num')::int >= 170000;"
            );
        }
    }
    if purpose == Purpose::Read {
        setup.push_str("SET default_transaction_read_only TO on;");
    }
    // Acknowledged means synced, whatever the server's default; stronger settings stay.
    setup.push_str(
        "SELECT set_config('synchronous_commit', 'on', false) \
          WHERE current_setting('synchronous_commit') = 'off';",
    );
    setup
}

/// The schema's name is part of statements, so it is a plain word.
pub(crate) fn valid_schema(schema: &str) -> Result<(), OpenError> {
    let starts = schema.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let plain = schema
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if starts && plain && schema.len() <= 63 {
        return Ok(());
    }
    Err(OpenError::Schema {
        schema: schema.to_owned(),
    })
}
