//! From the driver's errors to ours. The two databases speak differently of the same thing; here is the one
//! place that knows both.

use std::time::Duration;

use rusqlite::ffi::{
    SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_NOTNULL,
    SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
};
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgDatabaseError;

use crate::driver::DriverError;
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
pub(crate) fn classify(error: DriverError) -> (StoreError, Blame) {
    let blame = match &error {
        DriverError::Sqlite(inner) => sqlite_blame(inner),
        DriverError::Postgres(sqlx::Error::Database(inner)) => postgres_blame(inner.as_ref()),
        DriverError::Postgres(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_))
        | DriverError::Gone => Blame::Outage(Unavailable::Unreachable),
        DriverError::TimedOut => Blame::Outage(Unavailable::TimedOut),
        DriverError::Postgres(_) | DriverError::Type(_) => Blame::Statement,
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
pub(crate) fn proves_rollback(error: &DriverError) -> bool {
    match error {
        // Integrity, rollback (but for "completion unknown"), and cancelled by a timeout.
        DriverError::Postgres(sqlx::Error::Database(inner)) => {
            let code = inner.code().unwrap_or_default();
            code.starts_with("23") || (code.starts_with("40") && code != "40003") || code == "57014"
        }
        // A constraint, no transaction, busy, locked. After a failed write or sync nobody knows: the frames
        // may be found whole when the log is recovered.
        DriverError::Sqlite(inner) => matches!(primary_code(inner), Some(1 | 5 | 6 | 19)),
        _ => false,
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

fn sqlite_blame(error: &rusqlite::Error) -> Blame {
    match primary_code(error) {
        // Busy, locked, interrupted.
        Some(5 | 6 | 9) => Blame::Outage(Unavailable::TimedOut),
        Some(7 | 10 | 11 | 13 | 14 | 26) => Blame::Outage(Unavailable::Storage),
        _ => Blame::Statement,
    }
}

/// SQLite's result code, with its extension.
fn code(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(error, _) | rusqlite::Error::SqlInputError { error, .. } => {
            Some(error.extended_code)
        }
        _ => None,
    }
}

/// SQLite's result code without its extension.
fn primary_code(error: &rusqlite::Error) -> Option<i32> {
    code(error).map(|code| code & 0xff)
}

fn statement_error(error: DriverError) -> StoreError {
    let refusal = match &error {
        DriverError::Sqlite(inner) => sqlite_refusal(inner),
        DriverError::Postgres(sqlx::Error::Database(inner)) => postgres_refusal(inner.as_ref()),
        _ => None,
    };
    refusal.unwrap_or_else(|| StoreError::Database(Box::new(error)))
}

fn sqlite_refusal(error: &rusqlite::Error) -> Option<StoreError> {
    let refusal = match code(error)? {
        SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID => {
            StoreError::Unique
        }
        SQLITE_CONSTRAINT_CHECK => StoreError::Check,
        SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::ForeignKey,
        SQLITE_CONSTRAINT_NOTNULL => StoreError::NotNull,
        _ => return None,
    };
    // "UNIQUE constraint failed: accounts.username", "… failed: index 'accounts_name'".
    let message = error.to_string();
    let name = message.split_once("failed: ").map_or("", |(_, name)| name);
    let name = name
        .strip_prefix("index ")
        .map_or(name, |index| index.trim_matches('\''));
    Some(refusal(Violation {
        constraint: name.to_owned(),
    }))
}

fn postgres_refusal(error: &dyn DatabaseError) -> Option<StoreError> {
    let refusal = match error.kind() {
        ErrorKind::UniqueViolation => StoreError::Unique,
        ErrorKind::CheckViolation => StoreError::Check,
        ErrorKind::ForeignKeyViolation => StoreError::ForeignKey,
        ErrorKind::NotNullViolation => StoreError::NotNull,
        _ => return None,
    };
    let postgres = error.try_downcast_ref::<PgDatabaseError>()?;
    let column = || Some(format!("{}.{}", postgres.table()?, postgres.column()?));
    let constraint = postgres.constraint().map(str::to_owned).or_else(column);
    Some(refusal(Violation {
        constraint: constraint.unwrap_or_default(),
    }))
}

/// Milliseconds for a setting of the server's; at least one, since zero means no limit.
pub(crate) fn setting_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}
