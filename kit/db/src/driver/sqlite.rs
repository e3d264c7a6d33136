//! A connection to a SQLite file, by rusqlite.
//!
//! SQLite is a library: a statement is work on the thread that calls it, mostly of some microseconds, and handing it
//! to another thread and back costs more than the statement. So each runs where it is called. The writer has a
//! thread to itself while it runs; readers run on the threads that serve requests, and what would hold one of
//! those up (a long search, a lock that another process holds) is given up after a moment and begun again on a thread
//! that may wait.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, ToSql};
use tokio::time::Instant;

use super::{Answer, DriverError, blocking};
use crate::row::Row;
use crate::value::{Cell, Names, Value};

/// How long a reader's statement may keep a thread that serves requests.
const MOMENT: Duration = Duration::from_millis(2);

/// How many steps of SQLite's machine pass between two looks at the clock: some microseconds.
const STEPS: i32 = 1000;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 128;

/// How a connection is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SqliteUse {
    /// Reading, on a thread that must not be held up.
    Read,
    /// Whatever comes, on a thread that may wait.
    Write,
}

pub(crate) struct SqliteConnection {
    /// Missing while a statement of a reader runs aside, and for good when nobody waited for it.
    inner: Option<rusqlite::Connection>,
    usage: SqliteUse,
    busy: Duration,
    /// When what runs has to end.
    end: Option<Instant>,
    alarm: Arc<Alarm>,
}

/// When the statement under way is to be interrupted, in microseconds since the connection was opened.
struct Alarm {
    opened: Instant,
    at: AtomicU64,
}

impl Alarm {
    fn set(&self, end: Option<Instant>) {
        let at = end.map_or(u64::MAX, |end| micros(end.saturating_duration_since(self.opened)));
        self.at.store(at, Ordering::Relaxed);
    }

    fn rings(&self) -> bool {
        micros(self.opened.elapsed()) >= self.at.load(Ordering::Relaxed)
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

impl SqliteConnection {
    /// Opens a file, on a thread that may wait. A lock that another process holds is waited for as long as `busy`.
    pub(crate) fn open(
        file: &Path,
        usage: SqliteUse,
        busy: Duration,
        setup: &str,
    ) -> Result<Self, DriverError> {
        let access = match usage {
            SqliteUse::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            SqliteUse::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        // Each connection is one thread's at a time, which the compiler sees to.
        let mut inner =
            rusqlite::Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        inner.busy_timeout(busy)?;
        inner.execute_batch(setup)?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS);
        let alarm = Arc::new(Alarm {
            opened: Instant::now(),
            at: AtomicU64::new(u64::MAX),
        });
        let heard = alarm.clone();
        inner.progress_handler(STEPS, Some(move || heard.rings()))?;
        if usage == SqliteUse::Read {
            inner.busy_timeout(Duration::ZERO)?;
        }
        Ok(Self {
            inner: Some(inner),
            usage,
            busy,
            end: None,
            alarm,
        })
    }

    pub(super) fn limit(&mut self, limit: Option<Duration>) {
        self.end = limit.map(|limit| Instant::now() + limit);
    }

    pub(super) async fn run(
        &mut self,
        text: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Result<Answer, DriverError> {
        if self.is_over() {
            return Err(DriverError::TimedOut);
        }
        if self.usage == SqliteUse::Write {
            self.alarm.set(self.end);
            return Ok(run(self.inner()?, &text, &values)?);
        }
        // Statements never wait here, so others get their turn by this.
        tokio::task::coop::consume_budget().await;
        let moment = Instant::now() + MOMENT;
        self.alarm
            .set(Some(self.end.map_or(moment, |end| end.min(moment))));
        let ended = run(self.inner()?, &text, &values);
        match ended {
            Err(error) if would_wait(&error) && !self.is_over() => self.run_aside(text, values).await,
            ended => Ok(ended?),
        }
    }

    /// Runs a reader's statement on a thread that may wait.
    async fn run_aside(
        &mut self,
        text: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Result<Answer, DriverError> {
        let inner = self.inner.take().ok_or(DriverError::Gone)?;
        self.alarm.set(self.end);
        let busy = self.end.map_or(self.busy, |end| {
            end.saturating_duration_since(Instant::now()).min(self.busy)
        });
        let aside = blocking(move || {
            let ended = inner
                .busy_timeout(busy)
                .and_then(|()| run(&inner, &text, &values));
            let restored = inner.busy_timeout(Duration::ZERO);
            (inner, ended.and_then(|answer| restored.map(|()| answer)))
        });
        let (inner, ended) = aside.await?;
        self.inner = Some(inner);
        Ok(ended?)
    }

    pub(super) fn script(&mut self, text: &str) -> Result<(), DriverError> {
        self.alarm.set(None);
        Ok(self.inner()?.execute_batch(text)?)
    }

    /// Runs one of the statements that begin and end transactions, which nothing interrupts.
    pub(crate) fn control(&mut self, text: &'static str) -> Result<(), DriverError> {
        self.alarm.set(None);
        run(self.inner()?, text, &[])?;
        Ok(())
    }

    fn inner(&self) -> Result<&rusqlite::Connection, DriverError> {
        self.inner.as_ref().ok_or(DriverError::Gone)
    }

    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| end <= Instant::now())
    }
}

/// Whether a statement was interrupted, or found a lock.
fn would_wait(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::OperationInterrupted | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn run(connection: &rusqlite::Connection, text: &str, values: &[Value]) -> rusqlite::Result<Answer> {
    let mut statement = connection.prepare_cached(text)?;
    // `$2` is a name to SQLite, whose number is that of its first occurrence.
    for parameter in 1..=statement.parameter_count() {
        let number = statement.parameter_name(parameter).and_then(number_of);
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(values.len(), parameter))?;
        statement.raw_bind_parameter(parameter, value)?;
    }
    let width = statement.column_count();
    let mut names: Option<Names> = None;
    let mut answer = Answer::default();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let cells = (0..width).map(|column| cell(column, row.get_ref(column)?));
        let cells = cells.collect::<rusqlite::Result<_>>()?;
        let names = names.get_or_insert_with(|| names_of(row.as_ref()));
        answer.rows.push(Row::new(names.clone(), cells));
    }
    drop(rows);
    if !statement.readonly() {
        answer.changed = connection.changes();
    }
    Ok(answer)
}

fn number_of(name: &str) -> Option<usize> {
    name.strip_prefix('$')?.parse().ok()
}

fn names_of(statement: &rusqlite::Statement<'_>) -> Names {
    statement.column_names().map(Box::from).collect()
}

fn cell(column: usize, value: ValueRef<'_>) -> rusqlite::Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Text(text) => {
            let text = str::from_utf8(text).map_err(|error| rusqlite::Error::Utf8Error(column, error))?;
            Cell::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => {
            let name = String::new();
            return Err(rusqlite::Error::InvalidColumnType(
                column,
                name,
                rusqlite::types::Type::Real,
            ));
        }
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Integer(Some(number)) => ValueRef::Integer(*number),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Integer(None) | Self::Text(None) | Self::Bytes(None) => ValueRef::Null,
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}
