//! Which database speaks.

/// The database behind a [`crate::Db`]. Statements are the same text on both; ask only where that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite: one file, one writer.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}
