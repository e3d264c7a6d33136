//! Another service's tables, to read only.
//!
//! The event log is read across services: each service's outbox by those who listen to it. A SQLite file is
//! opened read-only; on PostgreSQL one small pool serves all schemas of a database, since connections are
//! scarce there, and tables are named with their schema.

use std::sync::Arc;
use std::time::Duration;

use crate::connect::{Connector, Purpose, valid_schema};
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::open::OpenError;
use crate::pool::Pool;
use crate::settings::{DbSettings, DbTarget};
use crate::unit::ReadUnit;

/// Another service's database, to read only. A cheap handle; connections are made when they are needed.
#[derive(Clone)]
pub struct ReadDb {
    pool: Arc<Pool>,
    dialect: Dialect,
    limit: Duration,
    /// With its dot; empty on SQLite.
    prefix: Arc<str>,
}

/// A table's name with its schema; made by [`ReadDb::table`].
#[derive(Clone, Debug)]
pub struct Table(Arc<str>);

impl Table {
    /// As statements write it.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl ReadDb {
    /// Makes a pool of `settings.readers`; the service of the settings is the one that reads.
    pub fn open(settings: &DbSettings) -> Result<Self, OpenError> {
        let connector = Connector::new(settings, Purpose::Read)?;
        let prefix = match &settings.target {
            DbTarget::Sqlite { .. } => "".into(),
            DbTarget::Postgres { schema, .. } => prefix(schema)?,
        };
        Ok(Self {
            dialect: settings.target.dialect(),
            pool: Pool::new(connector, settings.readers, settings.wait_limit),
            limit: settings.unit_limit,
            prefix,
        })
    }

    /// Another schema of the same PostgreSQL database, read through the same pool.
    pub fn in_schema(&self, schema: &str) -> Result<Self, OpenError> {
        Ok(Self {
            prefix: prefix(schema)?,
            ..self.clone()
        })
    }

    /// Runs statements that only read; tables are named by [`ReadDb::table`].
    pub async fn read<T>(&self, unit: impl for<'r> ReadUnit<'r, T> + Clone) -> Result<T, StoreError> {
        self.pool.read(self.limit, unit).await
    }

    /// The name of a table there.
    pub fn table(&self, name: &'static str) -> Table {
        Table(format!("{}{name}", self.prefix).into())
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }
}

fn prefix(schema: &str) -> Result<Arc<str>, OpenError> {
    valid_schema(schema)?;
    Ok(format!("\"{schema}\".").into())
}

impl std::fmt::Debug for ReadDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadDb({}{:?})", self.prefix, self.dialect)
    }
}
