//! What can go wrong, told apart by what a caller may do about it.
//!
//! Three questions decide a caller's next step: was anything changed, may the same be tried again, and is it
//! the caller's fault. [`WriteError`] answers the first, so that "surely not done" ([`WriteError::Unavailable`])
//! and "may be done" ([`WriteError::OutcomeUnknown`]) are never one variant.

use std::fmt;

use thiserror::Error;

/// A constraint that refused a row.
///
/// A row that breaks two constraints is refused by either: which one comes first differs between the databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// PostgreSQL's name of the constraint (`accounts_username_key`), or what SQLite says instead: the columns
    /// (`accounts.username, accounts.realm`) or the name of a check or index; empty for its foreign keys.
    /// A NULL where none is allowed is `table.column` on both.
    pub constraint: String,
}

impl Violation {
    /// Whether this is the constraint that PostgreSQL calls `postgres` and SQLite calls `sqlite`.
    pub fn is(&self, postgres: &str, sqlite: &str) -> bool {
        self.constraint == postgres || self.constraint == sqlite
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.constraint)
    }
}

/// Why a unit surely changed nothing, although nothing was wrong with it. Trying again later is safe.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unavailable {
    /// As many units wait as may.
    #[error("too many writes are waiting")]
    QueueFull,
    /// No connection within the time to wait for one.
    #[error("no connection was free in time")]
    NoConnection,
    /// The server does not answer, or hung up.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The time limit of a unit, a statement or a lock ran out.
    #[error("the time limit ran out")]
    TimedOut,
    /// Other transactions were in the way each time it was tried.
    #[error("other transactions were in the way")]
    Contention,
    /// The group of units that was to be committed together was given up.
    #[error("the group of writes was abandoned")]
    Abandoned,
    /// The disk is full, or reading or writing it fails.
    #[error("the database's storage fails")]
    Storage,
    /// The process is stopping.
    #[error("the process is stopping")]
    Stopping,
}

/// What a statement, a read or a unit failed with.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A row with the same unique columns is there already.
    #[error("the unique constraint {0} refuses the row")]
    Unique(Violation),
    /// A CHECK is not met.
    #[error("the check {0} refuses the row")]
    Check(Violation),
    /// A foreign key points nowhere, or something still points here.
    #[error("the foreign key {0} refuses the change")]
    ForeignKey(Violation),
    /// A NULL where none is allowed.
    #[error("{0} must not be null")]
    NotNull(Violation),
    /// Nothing was changed, and trying again later is safe.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The commit was sent and its answer lost: the unit may be done. Comes only by [`WriteError::flatten`].
    #[error("the commit's answer was lost")]
    OutcomeUnknown,
    /// An earlier statement of this transaction failed, so it can only be rolled back. PostgreSQL behaves so;
    /// on SQLite it is made the same. Use `ON CONFLICT` where a conflict is an expected answer.
    #[error("an earlier statement of this transaction failed")]
    Aborted,
    /// A statement gave no row, or more than one, where one was wanted.
    #[error("a statement gave {found} rows where one was wanted")]
    RowCount {
        /// How many it gave.
        found: usize,
    },
    /// A column is missing or holds something else.
    #[error("column `{column}` cannot be read: {reason}")]
    Column {
        /// Its name or index.
        column: String,
        /// What was expected.
        reason: String,
    },
    /// An event's payload cannot be written as JSON.
    #[error("the event `{event_type}` cannot be written: {reason}")]
    Event {
        /// Its type.
        event_type: &'static str,
        /// What JSON refuses.
        reason: String,
    },
    /// The unit panicked; it was rolled back.
    #[error("the unit of work panicked")]
    Panicked,
    /// Everything else the database says: a defect in a statement or a schema.
    #[error("the database refuses the statement: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// The constraint that refused, if one did.
    pub fn violation(&self) -> Option<&Violation> {
        match self {
            Self::Unique(violation)
            | Self::Check(violation)
            | Self::ForeignKey(violation)
            | Self::NotNull(violation) => Some(violation),
            _ => None,
        }
    }

    /// Whether this constraint refused: PostgreSQL's name of it, and SQLite's (see [`Violation`]).
    pub fn violates(&self, postgres: &str, sqlite: &str) -> bool {
        self.violation()
            .is_some_and(|violation| violation.is(postgres, sqlite))
    }
}

/// How a unit of work ended that was not committed, or may not have been.
#[derive(Debug, Error)]
pub enum WriteError<E> {
    /// The unit returned this; everything it had written is rolled back.
    #[error(transparent)]
    Refused(E),
    /// Surely not done; trying again later is safe (503 with `Retry-After` at the edge).
    #[error(transparent)]
    Unavailable(Unavailable),
    /// The commit was sent and its answer lost: it may be done. Never report this as failed.
    #[error("the commit's answer was lost")]
    OutcomeUnknown,
    /// Surely not done, and trying again will not help: a defect.
    #[error(transparent)]
    Failed(StoreError),
}

impl<E> WriteError<E> {
    /// The unit's own error, for units whose error can hold a [`StoreError`].
    pub fn flatten(self) -> E
    where
        E: From<StoreError>,
    {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Unavailable(reason) => StoreError::Unavailable(reason).into(),
            Self::OutcomeUnknown => StoreError::OutcomeUnknown.into(),
            Self::Failed(error) => error.into(),
        }
    }
}

impl From<WriteError<StoreError>> for StoreError {
    fn from(error: WriteError<StoreError>) -> Self {
        error.flatten()
    }
}

/// The error of a unit that can be refused: the domain's refusal, or the store's failure. `?` works on
/// statements, refusals are made with [`refuse`], and `?` takes it out of a [`WriteError`].
///
/// ```
/// use kit_db::{StoreError, Tx, UnitError, refuse, sql};
///
/// enum TransferError { NoSuchAccount, Unavailable, Unknown, Internal }
///
/// fn store_failed(error: StoreError) -> TransferError {
///     match error {
///         StoreError::Unavailable(_) => TransferError::Unavailable,
///         StoreError::OutcomeUnknown => TransferError::Unknown,
///         _ => TransferError::Internal, // and the error goes to the log
///     }
/// }
///
/// async fn transfer(db: &kit_db::Db, from: String, amount: i64) -> Result<(), TransferError> {
///     db.write(async move |tx: &mut Tx| {
///         let taken = sql("UPDATE accounts SET balance = balance - $2 WHERE id = $1")
///             .bind(from.as_str())
///             .bind(amount)
///             .execute(tx)
///             .await?;
///         if taken == 0 {
///             return Err(refuse(TransferError::NoSuchAccount));
///         }
///         Ok(())
///     })
///     .await
///     .map_err(|error| error.flatten().settle(store_failed))
/// }
/// ```
#[derive(Debug, Error)]
pub enum UnitError<R> {
    /// The domain says no.
    #[error(transparent)]
    Refused(R),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl<R> UnitError<R> {
    /// One error of the domain's vocabulary, given how the store's failures read in it.
    pub fn settle(self, store: impl FnOnce(StoreError) -> R) -> R {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Store(error) => store(error),
        }
    }
}

impl<R> From<StoreError> for UnitError<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R> From<WriteError<UnitError<R>>> for UnitError<R> {
    fn from(error: WriteError<UnitError<R>>) -> Self {
        error.flatten()
    }
}

/// The domain's refusal as a unit's error.
pub fn refuse<R>(refusal: R) -> UnitError<R> {
    UnitError::Refused(refusal)
}
