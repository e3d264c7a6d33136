//! A whole PostgreSQL database of one's own, for tests that start processes: a process chooses its schemas by
//! the names of its services, so two tests cannot share a database.

use kit_runtime::Ids;
use sqlx::AssertSqlSafe;

use crate::db::{connect, postgres_url};

/// A fresh, empty database on the test server.
#[derive(Debug)]
pub struct PostgresDatabase {
    name: String,
    server: String,
}

impl PostgresDatabase {
    /// Makes one.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn create() -> Self {
        let database = Self {
            name: format!("e2e_{}", Ids::system().uuid().simple()),
            server: postgres_url(),
        };
        database.order("CREATE DATABASE", "").await;
        database
    }

    /// Where processes reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap_or((&self.server, ""));
        format!("{server}/{}", self.name)
    }

    /// Removes it with everything in it, whoever is still connected.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn remove(self) {
        self.order("DROP DATABASE IF EXISTS", "WITH (FORCE)").await;
    }

    #[expect(
        clippy::expect_used,
        reason = "a test without a database cannot go on, and one left behind must be heard of"
    )]
    async fn order(&self, what: &str, how: &str) {
        let text = format!("{what} \"{}\" {how}", self.name);
        let mut server = connect(&self.server).await;
        let done = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut server).await;
        done.expect("the server makes and drops databases");
    }
}
