//! Opening a database: its folder or schema, its migrations, its connections.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{Notify, watch};

use crate::cleanup;
use crate::connect::{Connector, Purpose, prepare_file};
use crate::core::Core;
use crate::db::{Db, Inner, Writer};
use crate::driver::{DriverError, apart};
use crate::migrations::{MigrationError, Migrations, Migrator, Plan};
use crate::pool::Pool;
use crate::postgres::PostgresWriter;
use crate::settings::{DbDeps, DbSettings, DbTarget};
use crate::sqlite::SqliteWriter;
use crate::unit::Link;

/// Why a database cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The URL is not one.
    #[error("the database URL is not valid")]
    Url,
    /// The schema's name is not a plain word.
    #[error("`{schema}` cannot name a schema: use lower-case letters, digits and underscores, at most 63")]
    Schema {
        /// As given.
        schema: String,
    },
    /// The folder of a SQLite file cannot be made.
    #[error("the folder of `{path}` cannot be made: {source}")]
    Folder {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// No connection.
    #[error("the database of `{service}` cannot be reached: {source}")]
    Connect {
        /// Whose database.
        service: &'static str,
        /// What the driver says.
        source: DriverError,
    },
    /// A migration.
    #[error("the database of `{service}` cannot be migrated: {source}")]
    Migration {
        /// Whose database.
        service: &'static str,
        /// What is wrong.
        source: MigrationError,
    },
}

impl Db {
    /// Opens a database: makes what is missing, applies what is pending, and starts its upkeep.
    pub async fn open(
        mut settings: DbSettings,
        migrations: &Migrations,
        deps: &DbDeps,
    ) -> Result<Self, OpenError> {
        if let DbTarget::Sqlite { file } = &mut settings.target {
            *file = prepare_file(file)?;
        }
        let mut link = connect(&settings, Purpose::Migrate).await?;
        let migrator = migrator(&settings, migrations)?;
        let clock = deps.clock.clone();
        let migrated = apart(async move {
            let applied = migrator.run(&mut link, &clock).await;
            (link, applied)
        });
        let (link, applied) = migrated.await.map_err(connecting(&settings))?;
        let applied = applied.map_err(migration(&settings))?;
        if !applied.is_empty() {
            tracing::info!(
                service = settings.service,
                count = applied.len(),
                "migrations applied"
            );
        }
        let core = Arc::new(Core {
            service: settings.service,
            unit_limit: settings.unit_limit,
            group_limit: settings.group_limit,
            queue_limit: settings.queue,
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            metrics: deps.metrics.clone(),
            published: watch::Sender::new(0),
            audited: Notify::new(),
        });
        let reading = Connector::new(&settings, Purpose::Read)?;
        let writing = Connector::new(&settings, Purpose::Write)?;
        let writer = match &settings.target {
            // The connection that migrated has a writer's settings.
            DbTarget::Sqlite { .. } => {
                Writer::Sqlite(SqliteWriter::new(core.clone(), writing, deps.tasks.clone(), link))
            }
            DbTarget::Postgres { .. } => {
                link.connection.close().await;
                let pool = Pool::new(writing, settings.writers, settings.wait_limit);
                Writer::Postgres(PostgresWriter::new(core.clone(), pool, deps.tasks.clone()))
            }
        };
        let db = Self::new(Inner {
            core,
            dialect: settings.target.dialect(),
            readers: Pool::new(reading, settings.readers, settings.wait_limit),
            writer,
        });
        cleanup::start(&db, &deps.tasks);
        Ok(db)
    }

    /// What [`Db::open`] would apply. Changes nothing, and may run beside a process that has the database
    /// open.
    pub async fn plan(settings: &DbSettings, migrations: &Migrations) -> Result<Plan, OpenError> {
        let migrator = migrator(settings, migrations)?;
        if let DbTarget::Sqlite { file } = &settings.target
            && !file.exists()
        {
            return Ok(migrator.whole_plan());
        }
        let mut link = connect(settings, Purpose::Read).await?;
        let plan = migrator.plan(&mut link).await;
        link.connection.close().await;
        plan.map_err(migration(settings))
    }
}

fn migrator(settings: &DbSettings, migrations: &Migrations) -> Result<Migrator, OpenError> {
    let schema = match &settings.target {
        DbTarget::Sqlite { .. } => "",
        DbTarget::Postgres { schema, .. } => schema,
    };
    Migrator::new(migrations, settings.target.dialect(), schema).map_err(migration(settings))
}

fn migration(settings: &DbSettings) -> impl FnOnce(MigrationError) -> OpenError + use<> {
    let service = settings.service;
    move |source| OpenError::Migration { service, source }
}

fn connecting(settings: &DbSettings) -> impl FnOnce(DriverError) -> OpenError + use<> {
    let service = settings.service;
    move |source| OpenError::Connect { service, source }
}

async fn connect(settings: &DbSettings, purpose: Purpose) -> Result<Link, OpenError> {
    let connector = Connector::new(settings, purpose)?;
    let connected = connector.connect().await;
    Ok(Link::new(connected.map_err(connecting(settings))?))
}
