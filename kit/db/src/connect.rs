//! Connections: how each is made, and the session's settings that every one of them gets.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions as _};

use crate::classify::setting_ms;
use crate::dialect::Dialect;
use crate::open::OpenError;
use crate::settings::{DbSettings, DbTarget};

/// What stays unencoded in a SQLite URL's path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

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
    options: AnyConnectOptions,
    setup: String,
    dialect: Dialect,
    limit: Duration,
}

impl Connector {
    pub(crate) fn new(settings: &DbSettings, purpose: Purpose) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let (url, setup) = match &settings.target {
            DbTarget::Sqlite { file } => (sqlite_url(file, purpose), sqlite_setup(settings, purpose)),
            DbTarget::Postgres { url, schema } => {
                valid_schema(schema)?;
                (url.expose().clone(), postgres_setup(settings, schema, purpose))
            }
        };
        // The driver's message may repeat the URL, and with it the password.
        let options = AnyConnectOptions::from_str(&url).map_err(|_| OpenError::Url)?;
        Ok(Self {
            options: options.disable_statement_logging(),
            setup,
            dialect: settings.target.dialect(),
            limit: settings.wait_limit,
        })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// A new connection with its session set up, or an error within the limit.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        let connecting = async {
            let mut connection = self.options.connect().await?;
            sqlx::raw_sql(AssertSqlSafe(self.setup.as_str()))
                .execute(&mut connection)
                .await?;
            Ok(connection)
        };
        tokio::time::timeout(self.limit, connecting)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
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

fn sqlite_url(file: &Path, purpose: Purpose) -> String {
    let path = percent_encode(file.as_os_str().as_encoded_bytes(), PATH);
    let mode = if purpose == Purpose::Read { "ro" } else { "rwc" };
    format!("sqlite://{path}?mode={mode}")
}

fn sqlite_setup(settings: &DbSettings, purpose: Purpose) -> String {
    // A lock that another process (a backup, a shell) holds is waited for as long as a unit may take.
    let busy = setting_ms(settings.unit_limit);
    let common =
        format!("PRAGMA busy_timeout = {busy}; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;");
    match purpose {
        Purpose::Read => format!("{common} PRAGMA query_only = ON;"),
        // FULL syncs the log at each commit, which is what "acknowledged" means; `fullfsync` says so to macOS.
        Purpose::Write | Purpose::Migrate => format!(
            "{common} PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
             PRAGMA journal_size_limit = 67108864;"
        ),
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
