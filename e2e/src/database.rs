//! A PostgreSQL database for one story.

use std::cell::RefCell;
use std::future::Future;

use kit_testing::PostgresDatabase;
use tokio::runtime::Runtime;

/// A fresh database on the server that `cargo xtask backends up` starts; removed in the end.
pub struct Database {
    made: RefCell<Option<PostgresDatabase>>,
    url: String,
    runtime: Runtime,
}

impl Database {
    /// Makes one.
    ///
    /// # Panics
    /// When there is no server.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a story without a runtime cannot go on")]
    pub fn create() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let made = runtime.block_on(PostgresDatabase::create());
        Self {
            url: made.url(),
            made: RefCell::new(Some(made)),
            runtime,
        }
    }

    /// Where processes reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Looks at it from outside.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(made) = self.made.take() {
            self.runtime.block_on(made.remove());
        }
    }
}
