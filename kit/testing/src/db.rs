//! A real database for each test, on SQLite and on PostgreSQL alike.
//!
//! PostgreSQL is the server that `cargo xtask backends up` starts; each test has a schema of its own in it,
//! which is dropped afterwards. A test without a server fails and says so: skipped tests are not noticed.

use std::ops::Deref;
use std::time::Duration;

use futures::FutureExt;
pub use kit_db::Db;
use kit_db::{DbDeps, DbSettings, DbTarget, Migrations};
use kit_runtime::{Clock, Ids, Lifecycle, Secret};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

use crate::backend::backend;

/// A busy machine is no reason to fail, nor are many tests that connect at once to one small server.
const PATIENCE: Duration = Duration::from_mins(1);

/// The service's name in tests.
pub const SERVICE: &str = "test";

/// Defines tests that run on both databases, each with a fresh one. A body gets a [`Db`] or, to look behind it,
/// a [`&TestDb`](TestDb).
///
/// ```ignore
/// kit_testing::both_databases! {
///     migrations = accounts::MIGRATIONS;
///
///     async fn a_username_is_unique(db: Db) { … }
/// }
/// ```
#[macro_export]
macro_rules! both_databases {
    (migrations = $migrations:expr;) => {};
    (
        migrations = $migrations:expr;
        $(#[$meta:meta])*
        async fn $name:ident($db:ident: Db) $body:block
        $($rest:tt)*
    ) => {
        $crate::both_databases! { @test $migrations; [$(#[$meta])*] $name; rig;
            { let $db = $crate::db::Db::clone(rig); $body } }
        $crate::both_databases! { migrations = $migrations; $($rest)* }
    };
    (
        migrations = $migrations:expr;
        $(#[$meta:meta])*
        async fn $name:ident($db:ident: &TestDb) $body:block
        $($rest:tt)*
    ) => {
        $crate::both_databases! { @test $migrations; [$(#[$meta])*] $name; $db; $body }
        $crate::both_databases! { migrations = $migrations; $($rest)* }
    };
    (@test $migrations:expr; [$($meta:tt)*] $name:ident; $rig:ident; $body:block) => {
        $($meta)*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let target = $crate::db::TestTarget::sqlite();
                $crate::db::run(target, &$migrations, async |$rig: &$crate::db::TestDb| $body).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let target = $crate::db::TestTarget::postgres().await;
                $crate::db::run(target, &$migrations, async |$rig: &$crate::db::TestDb| $body).await;
            }
        }
    };
}

/// Runs a test's body on a fresh database and removes that, also after a panic.
///
/// # Panics
/// With the body.
pub async fn run(target: TestTarget, migrations: &Migrations, body: impl AsyncFnOnce(&TestDb)) {
    let test = TestDb::open(target, migrations).await;
    let ended = std::panic::AssertUnwindSafe(body(&test)).catch_unwind().await;
    test.finish().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

/// Where a test's tables are: an empty place that nobody else uses.
#[derive(Debug)]
pub struct TestTarget {
    target: DbTarget,
    folder: Option<TempDir>,
}

impl TestTarget {
    /// A file in a temporary folder.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without a folder cannot go on")]
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self {
            target: DbTarget::Sqlite {
                file: folder.path().join("test.db"),
            },
            folder: Some(folder),
        }
    }

    /// A schema of the test server, not made yet.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn postgres() -> Self {
        let url = postgres_url();
        // Asked here, so that a missing server is told as such.
        drop(connect(&url).await);
        let schema = format!("t_{}", Ids::system().uuid().simple());
        Self {
            target: DbTarget::Postgres {
                url: Secret::new(url),
                schema,
            },
            folder: None,
        }
    }

    /// For [`DbSettings`] or a service's configuration.
    #[must_use]
    pub fn target(&self) -> DbTarget {
        self.target.clone()
    }

    /// Removes everything in it.
    ///
    /// # Panics
    /// When the server refuses.
    #[expect(
        clippy::expect_used,
        reason = "a test that leaves things behind must be heard of"
    )]
    pub async fn remove(self) {
        if let DbTarget::Postgres { url, schema } = &self.target {
            let mut server = connect(url.expose()).await;
            let text = format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE");
            let dropped = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut server).await;
            dropped.expect("the schema is dropped");
        }
        drop(self.folder);
    }
}

/// A database that is opened for a test, with the process around it.
pub struct TestDb {
    db: Db,
    target: TestTarget,
    lifecycle: Lifecycle,
}

impl TestDb {
    /// A fresh SQLite file with these tables.
    pub async fn sqlite(migrations: &Migrations) -> Self {
        Self::open(TestTarget::sqlite(), migrations).await
    }

    /// A fresh schema with these tables on the test server.
    pub async fn postgres(migrations: &Migrations) -> Self {
        Self::open(TestTarget::postgres().await, migrations).await
    }

    /// Opens a place with [`patient`] settings.
    pub async fn open(target: TestTarget, migrations: &Migrations) -> Self {
        let settings = patient(SERVICE, target.target());
        Self::open_with(target, settings, migrations).await
    }

    /// Opens a place with settings of one's own.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[expect(clippy::panic, reason = "a test without a database cannot go on")]
    pub async fn open_with(target: TestTarget, settings: DbSettings, migrations: &Migrations) -> Self {
        let lifecycle = Lifecycle::new();
        let db = match Db::open(settings, migrations, &deps(&lifecycle)).await {
            Ok(db) => db,
            Err(error) => panic!("the test's database cannot be opened: {error}"),
        };
        Self {
            db,
            target,
            lifecycle,
        }
    }

    /// The database itself.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Where it is, to open it once more.
    #[must_use]
    pub fn target(&self) -> DbTarget {
        self.target.target()
    }

    /// Ends the process around it, and leaves the tables: what a restart finds.
    pub async fn stop(self) -> TestTarget {
        self.lifecycle.end().await;
        self.target
    }

    /// Ends the process around it and removes everything.
    pub async fn finish(self) {
        self.stop().await.remove().await;
    }
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

/// The usual settings, but for limits that nothing meets that is not stuck.
#[must_use]
pub fn patient(service: &'static str, target: DbTarget) -> DbSettings {
    DbSettings {
        wait_limit: PATIENCE,
        unit_limit: PATIENCE,
        ..DbSettings::new(service, target)
    }
}

/// What a database needs of its process: the system's clock and identifiers, no metrics.
#[must_use]
pub fn deps(lifecycle: &Lifecycle) -> DbDeps {
    DbDeps {
        tasks: lifecycle.tasks(),
        clock: Clock::system(),
        ids: Ids::system(),
        metrics: None,
    }
}

/// The test server's URL, as `cargo xtask backends up` left it.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn postgres_url() -> String {
    backend("postgres", "url")
}

/// A connection of the test's own to the server, for looking at it from outside.
///
/// # Panics
/// When the server does not answer.
#[expect(clippy::panic, reason = "a test without a server fails, and says what to do")]
pub async fn connect(url: &str) -> PgConnection {
    match PgConnection::connect(url).await {
        Ok(connection) => connection,
        Err(error) => panic!("PostgreSQL for tests does not answer: run `cargo xtask backends up` ({error})"),
    }
}
