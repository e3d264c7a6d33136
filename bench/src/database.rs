//! A PostgreSQL database of one's own, on the server that `cargo xtask backends up` started.
//!
//! A process chooses its schemas by the names of its services, so it cannot share a database with anything.
//! Made and dropped by `psql`: the kit's transactions cannot.

use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::folders::{Folders, need_program};
use crate::machine::process_seconds;

/// What no service has in it.
const NAME: &str = "stoa_bench";

/// An empty database; dropped with whatever it then holds.
#[derive(Debug)]
pub(crate) struct Database {
    server: String,
}

impl Database {
    /// Makes it anew. There is one at a time.
    pub(crate) fn create(folders: &Folders) -> anyhow::Result<Self> {
        let database = Self {
            server: folders.postgres_url()?,
        };
        database.drop_it()?;
        database.order(&format!("CREATE DATABASE {NAME}"))?;
        Ok(database)
    }

    /// Where processes reach it.
    pub(crate) fn url(&self) -> String {
        let server = self.server.rsplit_once('/').map_or("", |(server, _)| server);
        format!("{server}/{NAME}")
    }

    /// CPU time that the server has taken for the connections to it, in seconds. Those that have ended are not
    /// in it, nor is what the server does for all of them.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let told = self.order(&format!(
            "SELECT pid FROM pg_stat_activity WHERE datname = '{NAME}'"
        ))?;
        told.lines().map(|pid| process_seconds(pid.trim().parse()?)).sum()
    }

    fn drop_it(&self) -> anyhow::Result<()> {
        self.order(&format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))?;
        Ok(())
    }

    /// Runs a statement in it.
    pub(crate) fn change(&self, statement: &str) -> anyhow::Result<()> {
        run(&self.url(), statement)?;
        Ok(())
    }

    /// Runs a statement in the server's first database; its rows.
    fn order(&self, statement: &str) -> anyhow::Result<String> {
        run(&self.server, statement)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The next one that is made drops what was left.
        let _ = self.drop_it();
    }
}

fn run(url: &str, statement: &str) -> anyhow::Result<String> {
    let output = Command::new(need_program("psql", "postgresql-client")?)
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--command",
        ])
        .args([statement, url])
        .output()?;
    ensure!(
        output.status.success(),
        "`psql` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).context("`psql` tells something that is not text")
}
