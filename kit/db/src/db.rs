//! The handle that services hold.

use std::sync::Arc;

use kit_runtime::{Clock, Ids};
use kit_telemetry::TraceParent;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use crate::core::Core;
use crate::dialect::Dialect;
use crate::error::{StoreError, WriteError};
use crate::job::Work;
use crate::pool::Pool;
use crate::postgres::PostgresWriter;
use crate::sqlite::SqliteWriter;
use crate::statement::sql;
use crate::unit::{ReadUnit, Reader, Unit};

/// A service's database. A cheap handle.
#[derive(Clone)]
pub struct Db {
    pub(crate) inner: Arc<Inner>,
    trace: Option<TraceParent>,
}

pub(crate) struct Inner {
    pub(crate) core: Arc<Core>,
    pub(crate) dialect: Dialect,
    pub(crate) readers: Arc<Pool>,
    pub(crate) writer: Writer,
}

pub(crate) enum Writer {
    Sqlite(Arc<SqliteWriter>),
    Postgres(Arc<PostgresWriter>),
}

impl Db {
    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            trace: None,
        }
    }

    /// The same database; units run by the new handle belong to this trace, and so do their events.
    #[must_use]
    pub fn with_trace(&self, trace: TraceParent) -> Self {
        Self {
            inner: self.inner.clone(),
            trace: Some(trace),
        }
    }

    /// Runs a unit of work in a transaction: `Ok` is committed and synced before it is returned, `Err` is
    /// rolled back and comes back as [`WriteError::Refused`]. A refusal that must be remembered is an `Ok`.
    ///
    /// The unit runs in a task of its own: when the returned future is dropped, a unit that has begun is
    /// finished, and one that has not is skipped. It may be run more than once, so it must not do anything
    /// but its statements: no call to another service, no hashing, no file, and no second call of `Db`, which
    /// would wait for itself.
    pub async fn write<T, E>(
        &self,
        unit: impl for<'t> Unit<'t, T, E> + Clone + Send + 'static,
    ) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let started = Instant::now();
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Work::new(unit, self.trace, reply));
        let submitted = match &self.inner.writer {
            Writer::Sqlite(writer) => writer.submit(job),
            Writer::Postgres(writer) => writer.submit(job),
        };
        let result = match submitted {
            // Every job answers, also when it is dropped; if one did not, nobody would know how it ended.
            Ok(()) => answer.await.unwrap_or(Err(WriteError::OutcomeUnknown)),
            Err(reason) => Err(WriteError::Unavailable(reason)),
        };
        if let Some(metrics) = &self.inner.core.metrics {
            let seconds = started.elapsed().as_secs_f64();
            metrics.unit(self.inner.core.service, outcome(&result), seconds);
        }
        result
    }

    /// Runs statements that only read, on a connection that can only read. Each sees the moment it runs at.
    /// Long listings page.
    pub async fn read<T>(&self, unit: impl for<'r> ReadUnit<'r, T> + Clone) -> Result<T, StoreError> {
        let inner = &self.inner;
        inner.readers.read(inner.core.unit_limit, unit).await
    }

    /// Whether the database can be read and written now; for readiness. The text says what is wrong.
    pub async fn check(&self) -> Result<(), String> {
        let asked = self.read(async move |reader: &mut Reader| {
            // A BIGINT on both; a bare 1 is an INTEGER on PostgreSQL.
            sql("SELECT CAST(1 AS BIGINT)").one(reader).await
        });
        asked.await.map_err(|error| error.to_string())?;
        match &self.inner.writer {
            Writer::Sqlite(writer) => writer.check().await.map_err(|reason| reason.to_string()),
            Writer::Postgres(_) => Ok(()),
        }
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// The service it was opened for.
    pub fn service(&self) -> &'static str {
        self.inner.core.service
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &Clock {
        &self.inner.core.clock
    }

    pub(crate) fn ids(&self) -> &Ids {
        &self.inner.core.ids
    }

    /// Changes after each commit of this process that put events into the outbox.
    pub fn published(&self) -> watch::Receiver<u64> {
        self.inner.core.published.subscribe()
    }
}

fn outcome<T, E>(result: &Result<T, WriteError<E>>) -> &'static str {
    match result {
        Ok(_) => "committed",
        Err(WriteError::Refused(_)) => "refused",
        Err(WriteError::Unavailable(_)) => "unavailable",
        Err(WriteError::OutcomeUnknown) => "unknown",
        Err(WriteError::Failed(_)) => "failed",
    }
}

impl From<Arc<Inner>> for Db {
    fn from(inner: Arc<Inner>) -> Self {
        Self { inner, trace: None }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({}, {:?})", self.inner.core.service, self.inner.dialect)
    }
}
