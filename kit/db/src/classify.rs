//! From the driver's errors to ours. The two databases speak differently of the same thing; here is the one
//! place that knows both.

use std::time::Duration;

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgDatabaseError;

use crate::dialect::Dialect;
use crate::error::{StoreError, Unavailable, Violation};

/// What a failure means for the transaction that it happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The statement or its data; the connection is fine.
    Statement,
    /// Another transaction; the same unit may succeed when it is run again.
    Contention,
    /// The connection, the server or the disk.
    Outage(Unavailable),
}

impl Blame {
    /// Whether the connection can serve again after a rollback.
    pub(crate) fn spares_connection(self) -> bool {
        !matches!(self, Self::Outage(reason) if reason != Unavailable::TimedOut)
    }
}

/// A driver's error as ours, and what it means.
pub(crate) fn classify(dialect: Dialect, error: sqlx::Error) -> (StoreError, Blame) {
    let blame = match &error {
        sqlx::Error::Database(inner) => match dialect {
            Dialect::Postgres => postgres_blame(inner.as_ref()),
            Dialect::Sqlite => sqlite_blame(inner.as_ref()),
        },
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::PoolClosed
        | sqlx::Error::PoolTimedOut => Blame::Outage(Unavailable::Unreachable),
        _ => Blame::Statement,
    };
    let error = match blame {
        Blame::Statement => statement_error(error),
        Blame::Contention => StoreError::Unavailable(Unavailable::Contention),
        Blame::Outage(reason) => {
            tracing::warn!(%error, "the database fails");
            StoreError::Unavailable(reason)
        }
    };
    (error, blame)
}

/// Whether an error that answered a COMMIT proves that nothing was committed.
pub(crate) fn proves_rollback(dialect: Dialect, error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(inner) = error else {
        return false;
    };
    let code = inner.code().unwrap_or_default();
    match dialect {
        // Integrity, rollback (but for "completion unknown"), and cancelled by a timeout.
        Dialect::Postgres => {
            code.starts_with("23") || (code.starts_with("40") && code != "40003") || code == "57014"
        }
        // A constraint, no transaction, busy, locked. After a failed write or sync nobody knows: the frames
        // may be found whole when the log is recovered.
        Dialect::Sqlite => matches!(primary_code(&code), Some(1 | 5 | 6 | 19)),
    }
}

fn postgres_blame(error: &dyn DatabaseError) -> Blame {
    match error.code().unwrap_or_default().as_ref() {
        "40001" | "40P01" => Blame::Contention,
        // Cancelled by a timeout; a lock not to be had.
        "57014" | "55P03" => Blame::Outage(Unavailable::TimedOut),
        "53100" | "58030" => Blame::Outage(Unavailable::Storage),
        // What was prepared on this connection is no longer: a migration changed the table, or a pooler in
        // between gave us another session. A fresh connection knows nothing of it.
        "26000" => Blame::Outage(Unavailable::Unreachable),
        "0A000" if error.message().contains("cached plan") => Blame::Outage(Unavailable::Unreachable),
        // Connection exceptions, too many connections, shutdown, timeouts that end the session.
        code if code.starts_with("08")
            || code.starts_with("53")
            || code.starts_with("57P")
            || code.starts_with("25P03") =>
        {
            Blame::Outage(Unavailable::Unreachable)
        }
        _ => Blame::Statement,
    }
}

fn sqlite_blame(error: &dyn DatabaseError) -> Blame {
    match error.code().as_deref().and_then(primary_code) {
        // Busy, locked, interrupted.
        Some(5 | 6 | 9) => Blame::Outage(Unavailable::TimedOut),
        Some(7 | 10 | 11 | 13 | 14 | 26) => Blame::Outage(Unavailable::Storage),
        _ => Blame::Statement,
    }
}

/// SQLite's result code without its extension.
fn primary_code(code: &str) -> Option<i64> {
    code.parse::<i64>().ok().map(|code| code & 0xff)
}

fn statement_error(error: sqlx::Error) -> StoreError {
    if let sqlx::Error::Database(inner) = &error {
        let kind = inner.kind();
        let violation = || Violation {
            constraint: constraint_name(inner.as_ref()),
        };
        match kind {
            ErrorKind::UniqueViolation => return StoreError::Unique(violation()),
            ErrorKind::CheckViolation => return StoreError::Check(violation()),
            ErrorKind::ForeignKeyViolation => return StoreError::ForeignKey(violation()),
            ErrorKind::NotNullViolation => return StoreError::NotNull(violation()),
            _ => {}
        }
    }
    StoreError::Database(Box::new(error))
}

fn constraint_name(error: &dyn DatabaseError) -> String {
    if let Some(postgres) = error.try_downcast_ref::<PgDatabaseError>() {
        let column = || {
            let (table, column) = (postgres.table()?, postgres.column()?);
            Some(format!("{table}.{column}"))
        };
        return postgres
            .constraint()
            .map(str::to_owned)
            .or_else(column)
            .unwrap_or_default();
    }
    // "UNIQUE constraint failed: accounts.username", "… failed: index 'accounts_name'".
    let message = error.message();
    let name = message.split_once("failed: ").map_or("", |(_, name)| name);
    name.strip_prefix("index ")
        .map_or(name, |index| index.trim_matches('\''))
        .to_owned()
}

/// Milliseconds for a setting of the server's; at least one, since zero means no limit.
pub(crate) fn setting_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}
