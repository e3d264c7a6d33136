//! Connections of either database, and what is asked of them. Nothing else of this crate knows a driver.

mod postgres;
mod sqlite;

use std::borrow::Cow;
use std::time::Duration;

use thiserror::Error;

pub(crate) use self::postgres::PostgresConnection;
pub(crate) use self::sqlite::{SqliteConnection, SqliteUse};
use crate::dialect::Dialect;
use crate::row::Row;
use crate::value::Value;

/// What a driver says that could not do what was asked of it.
#[derive(Debug, Error)]
pub enum DriverError {
    /// SQLite's.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL's.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// The time limit ran out; the transaction is as it was.
    #[error("the time limit ran out")]
    TimedOut,
    /// The connection does not answer, or nobody knows any more what became of it.
    #[error("the connection does not answer")]
    Gone,
    /// A column is of a type that rows do not have here.
    #[error("a column of type {0} is neither text nor a whole number nor bytes")]
    Type(String),
}

/// A connection.
pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(Box<PostgresConnection>),
}

/// Does what may block, on a thread that may wait.
#[expect(
    clippy::disallowed_methods,
    reason = "at most one at a time for each connection, whose number is bounded"
)]
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DriverError> {
    // It panicked, which has been reported.
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| DriverError::Gone)
}

/// As [`blocking`], for a future.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, DriverError> {
    let handle = tokio::runtime::Handle::current();
    blocking(move || handle.block_on(work)).await
}

/// What a statement gave.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) changed: u64,
    pub(crate) rows: Vec<Row>,
}

impl Connection {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// How long what follows may take in all, from now on. A PostgreSQL server has its own limits.
    pub(crate) fn limit(&mut self, limit: Option<Duration>) {
        if let Self::Sqlite(sqlite) = self {
            sqlite.limit(limit);
        }
    }

    /// Runs one statement, which is prepared once per connection.
    pub(crate) async fn run(
        &mut self,
        text: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Result<Answer, DriverError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.run(text, values).await,
            Self::Postgres(postgres) => postgres.run(text, values).await,
        }
    }

    /// Runs statements without values, and whose rows nobody wants.
    pub(crate) async fn script(&mut self, text: &str) -> Result<(), DriverError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.script(text),
            Self::Postgres(postgres) => postgres.script(text).await,
        }
    }

    /// Says goodbye to a server, so that it does not log a lost connection.
    pub(crate) async fn close(self) {
        if let Self::Postgres(postgres) = self {
            postgres.close().await;
        }
    }
}
