//! What outlives a process in a test: databases, a data folder and the time.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use kit_db::DbTarget;
use kit_runtime::FakeClock;
use tempfile::TempDir;

use crate::db::TestTarget;
use crate::process::TestProcess;
use crate::waiting::while_time_goes_on;

/// Tells each story on SQLite and on PostgreSQL, with a fresh fixture.
///
/// ```ignore
/// kit_testing::on_both_databases! {
///     async fn an_order_is_shipped_once(fixture: &Fixture) { … }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($fixture:ident: &Fixture) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let target = $crate::db::TestTarget::sqlite();
                $crate::Fixture::run(target, async |$fixture: &$crate::Fixture| $body).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let target = $crate::db::TestTarget::postgres().await;
                $crate::Fixture::run(target, async |$fixture: &$crate::Fixture| $body).await;
            }
        }
    )+};
}

/// What outlives the processes of a story.
pub struct Fixture {
    target: TestTarget,
    others: Mutex<BTreeMap<&'static str, TestTarget>>,
    time: FakeClock,
    data: TempDir,
    running: Mutex<Vec<Arc<TestProcess>>>,
}

impl Fixture {
    /// Tells a story, and clears everything away, also after a panic.
    ///
    /// # Panics
    /// With the story.
    #[expect(clippy::expect_used, reason = "a test without a folder cannot go on")]
    pub async fn run(target: TestTarget, story: impl AsyncFnOnce(&Self)) {
        let fixture = Self {
            target,
            others: Mutex::default(),
            time: TestProcess::new().time,
            data: TempDir::new().expect("a temporary folder"),
            running: Mutex::default(),
        };
        let ended = AssertUnwindSafe(story(&fixture)).catch_unwind().await;
        let running = fixture.running.into_inner();
        for process in running.unwrap_or_else(PoisonError::into_inner) {
            process.lifecycle.end().await;
        }
        fixture.target.remove().await;
        let others = fixture.others.into_inner();
        for (_, target) in others.unwrap_or_else(PoisonError::into_inner) {
            target.remove().await;
        }
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    }

    /// Where the tables of the service under test are.
    pub fn target(&self) -> DbTarget {
        self.target.target()
    }

    /// Where the tables of another service are, in a database of its own of the same kind.
    pub async fn target_of(&self, service: &'static str) -> DbTarget {
        if let Some(known) = self.others().get(service) {
            return known.target();
        }
        let made = match self.target() {
            DbTarget::Sqlite { .. } => TestTarget::sqlite(),
            DbTarget::Postgres { .. } => TestTarget::postgres().await,
        };
        self.others().entry(service).or_insert(made).target()
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.target(), DbTarget::Postgres { .. })
    }

    /// A data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// A process at the fixture's time, which ends with the story.
    pub fn process(&self) -> Arc<TestProcess> {
        let process = Arc::new(TestProcess::at(self.time.clone()));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.push(process.clone());
        process
    }

    /// Lets time pass for every process.
    pub fn advance(&self, span: Duration) {
        self.time.advance(span);
    }

    /// Tells a story while time goes on for every process.
    pub async fn while_time_goes_on<T>(&self, story: impl Future<Output = T>) -> T {
        while_time_goes_on(&self.time, story).await
    }

    fn others(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, TestTarget>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
