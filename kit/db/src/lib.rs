//! One SQL text on SQLite and PostgreSQL.
//!
//! A service writes its statements once ([`sql`]), its migrations once ([`Migrations`]), and each use case as
//! one unit of work ([`Db::write`]); this crate runs them on a file per service or on a schema per service.
//!
//! What it promises:
//! - Acknowledged means committed and synced.
//! - A caller that goes away leaves no open transaction and no half write.
//! - "Surely not done" and "perhaps done" are two errors ([`WriteError`]).
//! - Events leave in the transaction of the change ([`Tx::publish`]), or not at all.
//!
//! Column types are those that both databases read back alike: `TEXT`, `BIGINT`, and `BYTEA` where bytes
//! cannot be avoided. Identifiers are `TEXT` (`COLLATE "C"` where PostgreSQL sorts by them), money and counts
//! `BIGINT`, times `BIGINT` microseconds, flags `BIGINT` 0 or 1 with a CHECK, JSON `TEXT`. A `SUM` is cast
//! (`CAST(COALESCE(SUM(n), 0) AS BIGINT)`), and existence is asked by `SELECT … LIMIT 1`.
//!
//! Points where tests inject faults (inert unless `fail/failpoints` is on): `db::before-commit`,
//! `db::after-commit-before-answer`, `db::commit-answer-lost`, and on SQLite `db::savepoint`.
//!
//! It deliberately does not build queries, nest transactions, or read configuration, and
//! stores never see the driver underneath.

pub mod audit;
mod classify;
mod cleanup;
mod connect;
mod core;
mod db;
mod dialect;
mod driver;
mod error;
mod folder;
mod hash;
pub mod idempotency;
mod job;
mod metrics;
mod migrations;
mod open;
mod outbox;
mod pool;
mod postgres;
mod read_db;
mod rewrite;
mod row;
mod sealing;
mod settings;
mod sqlite;
mod statement;
mod steps;
mod table_row;
mod unit;
mod value;

pub use db::Db;
pub use dialect::Dialect;
pub use driver::DriverError;
pub use error::{StoreError, Unavailable, UnitError, Violation, WriteError, refuse};
pub use folder::{DataFolder, FolderError};
pub use metrics::DbMetrics;
pub use migrations::{MigrationError, Migrations, Plan};
pub use open::OpenError;
pub use outbox::{PARTITIONS, partition_of};
pub use read_db::{ReadDb, Table};
pub use row::{Column, FromColumn, Row};
pub use sealing::{SealingKey, derive_key};
pub use settings::{DbDeps, DbSettings, DbTarget};
pub use statement::{Bind, RowValues, Statement, sql};
pub use steps::{StepKey, StepTable};
pub use table_row::{TableRow, insert, select};
pub use unit::{ReadUnit, Reader, Session, Tx, Unit};
