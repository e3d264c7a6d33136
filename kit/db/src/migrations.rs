//! Migrations: plain SQL files, embedded, forward only, each in a transaction of its own.
//!
//! Two processes that start at once are safe: each migration's transaction first takes the writer (SQLite) or
//! an advisory lock (PostgreSQL) and then looks again what is left to do. A start with nothing to do takes
//! neither.

use kit_runtime::Clock;
use thiserror::Error;

use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::statement::sql;
use crate::unit::Link;
use crate::{hash, rewrite};

/// A service's migrations, in order. Made by [`crate::migrations!`] or by hand.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    files: &'static [(&'static str, &'static str)],
}

impl Migrations {
    /// Names with their texts. A name begins with four digits, and names ascend; a file that was ever applied
    /// anywhere must stay as it is.
    pub const fn new(files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files }
    }

    /// A service without tables of its own.
    pub const fn none() -> Self {
        Self::new(&[])
    }
}

/// Embeds files of the crate's folder `migrations`:
/// `static MIGRATIONS: Migrations = kit_db::migrations!["0001_accounts.sql", "0002_roles.sql"];`
#[macro_export]
macro_rules! migrations {
    ($($file:literal),+ $(,)?) => {
        $crate::Migrations::new(&[
            $(($file, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $file)))),+
        ])
    };
}

/// Why migrations cannot run. Nothing is half done: those before are applied, the failed one is not.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// A file was edited after it was applied.
    #[error("the migration `{name}` was changed after it was applied; write a new one instead")]
    Changed {
        /// The file.
        name: String,
    },
    /// The database is ahead of the program.
    #[error("the database has the migration `{name}`, which this program does not know; use a newer program")]
    Unknown {
        /// What was applied.
        name: String,
    },
    /// A file was put before one that is applied already.
    #[error("the migration `{name}` comes before one that is already applied; give it a later number")]
    OutOfOrder {
        /// The file.
        name: String,
    },
    /// The text or the name is not one that a migration may have.
    #[error("the migration `{name}` is not valid: {reason}")]
    Invalid {
        /// The file.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The database refuses its statements.
    #[error("the migration `{name}` failed: {source}")]
    Failed {
        /// The file.
        name: String,
        /// What the database says.
        source: StoreError,
    },
    /// The database fails.
    #[error("migrations cannot be read or recorded: {0}")]
    Database(#[from] StoreError),
}

/// What would run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `kit/0001_kit_tables.sql`, `service/0001_accounts.sql`, in order.
    pub pending: Vec<String>,
}

const KIT: Migrations = migrations!["0001_kit_tables.sql", "0002_drop_timers.sql", "0003_audit.sql"];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (owner, name)
)";

struct Step {
    owner: &'static str,
    name: &'static str,
    text: &'static str,
    checksum: String,
}

impl Step {
    fn title(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// What is to be applied to a database, the kit's tables first.
pub(crate) struct Migrator {
    steps: Vec<Step>,
    dialect: Dialect,
    /// PostgreSQL's schema; empty on SQLite.
    schema: String,
}

impl Migrator {
    pub(crate) fn new(
        migrations: &Migrations,
        dialect: Dialect,
        schema: &str,
    ) -> Result<Self, MigrationError> {
        let mut steps = Vec::new();
        for (owner, set) in [("kit", &KIT), ("service", migrations)] {
            let mut last = "";
            for (name, text) in set.files {
                check_name(name, last)?;
                last = name;
                steps.push(Step {
                    owner,
                    name,
                    text,
                    checksum: checksum(text),
                });
            }
        }
        Ok(Self {
            steps,
            dialect,
            schema: schema.to_owned(),
        })
    }

    /// What would run on a database that does not exist yet.
    pub(crate) fn whole_plan(&self) -> Plan {
        Plan {
            pending: self.steps.iter().map(Step::title).collect(),
        }
    }

    /// What would run.
    pub(crate) async fn plan(&self, link: &mut Link) -> Result<Plan, MigrationError> {
        let pending = self.pending(link).await?;
        Ok(Plan {
            pending: pending.into_iter().map(Step::title).collect(),
        })
    }

    /// Applies what is pending; gives back what it applied.
    pub(crate) async fn run(&self, link: &mut Link, clock: &Clock) -> Result<Vec<String>, MigrationError> {
        let mut applied = Vec::new();
        while !self.pending(link).await?.is_empty() {
            link.script(&self.begin()).await?;
            let step = self.run_next(link, clock).await;
            // A failed transaction is rolled back here, and by the connection's end at the latest.
            let end = if step.is_ok() { "COMMIT" } else { "ROLLBACK" };
            let ended = link.script(end).await;
            if let Some(title) = step? {
                applied.push(title);
            }
            ended?;
        }
        Ok(applied)
    }

    /// Takes the lock that lets one process at a time go on.
    fn begin(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE".to_owned(),
            Dialect::Postgres => format!(
                "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('stoa migrations {}', 0))",
                self.schema
            ),
        }
    }

    async fn run_next(&self, link: &mut Link, clock: &Clock) -> Result<Option<String>, MigrationError> {
        self.make_room(link).await?;
        // Another process may have been here while this one waited for the lock.
        let Some(step) = self.pending(link).await?.first().copied() else {
            return Ok(None);
        };
        let text =
            rewrite::for_dialect(step.text, self.dialect).map_err(|reason| MigrationError::Invalid {
                name: step.title(),
                reason,
            })?;
        tracing::info!(migration = step.title(), "applying a migration");
        link.script(&text)
            .await
            .map_err(|source| MigrationError::Failed {
                name: step.title(),
                source,
            })?;
        let insert =
            "INSERT INTO schema_migrations (owner, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
        sql(insert)
            .bind(step.owner)
            .bind(step.name)
            .bind(step.checksum.as_str())
            .bind(clock.now())
            .all(link)
            .await?;
        Ok(Some(step.title()))
    }

    /// The schema, and the table that says what was applied.
    async fn make_room(&self, link: &mut Link) -> Result<(), MigrationError> {
        if self.dialect == Dialect::Postgres {
            let found = sql("SELECT CAST(1 AS BIGINT) FROM pg_catalog.pg_namespace WHERE nspname = $1")
                .bind(self.schema.as_str())
                .optional(link)
                .await?;
            // Asked first, since "if not exists" needs the right to create it even where it exists.
            if found.is_none() {
                link.script(&format!("CREATE SCHEMA \"{}\"", self.schema)).await?;
            }
        }
        let table = rewrite::for_dialect(TABLE, self.dialect).unwrap_or_default();
        link.script(&table).await?;
        Ok(())
    }

    /// What is not applied yet, in order, after checking that what is applied is what we know.
    async fn pending(&self, link: &mut Link) -> Result<Vec<&Step>, MigrationError> {
        let applied = self.applied(link).await?;
        for (owner, name, checksum) in &applied {
            let known = self
                .steps
                .iter()
                .find(|step| step.owner == owner && step.name == name);
            match known {
                None => return Err(MigrationError::Unknown { name: name.clone() }),
                Some(step) if step.checksum != *checksum => {
                    return Err(MigrationError::Changed { name: name.clone() });
                }
                Some(_) => {}
            }
        }
        let mut pending: Vec<&Step> = Vec::new();
        for step in &self.steps {
            let done = applied
                .iter()
                .any(|(owner, name, _)| owner == step.owner && name == step.name);
            let gap = pending.iter().find(|earlier| earlier.owner == step.owner);
            match gap {
                Some(gap) if done => {
                    return Err(MigrationError::OutOfOrder {
                        name: gap.name.to_owned(),
                    });
                }
                _ if done => {}
                _ => pending.push(step),
            }
        }
        Ok(pending)
    }

    /// Owner, name and checksum of what was applied.
    async fn applied(&self, link: &mut Link) -> Result<Vec<(String, String, String)>, MigrationError> {
        let exists = match self.dialect {
            Dialect::Sqlite => {
                sql("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'")
            }
            Dialect::Postgres => sql("SELECT CAST(1 AS BIGINT) FROM pg_catalog.pg_tables \
                 WHERE schemaname = $1 AND tablename = 'schema_migrations'")
            .bind(self.schema.as_str()),
        };
        if exists.optional(link).await?.is_none() {
            return Ok(Vec::new());
        }
        let rows = sql("SELECT owner, name, checksum FROM schema_migrations ORDER BY owner, name")
            .all(link)
            .await?;
        rows.iter()
            .map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .collect()
    }
}

fn check_name(name: &str, last: &str) -> Result<(), MigrationError> {
    let invalid = |reason: &str| MigrationError::Invalid {
        name: name.to_owned(),
        reason: reason.to_owned(),
    };
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    if digits != 4 {
        return Err(invalid("its name must begin with four digits"));
    }
    if !last.is_empty() && name[..4] <= last[..4] {
        return Err(invalid("its number must be higher than that of the one before"));
    }
    Ok(())
}

/// Line ends do not count, since a checkout may change them.
fn checksum(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    hash::hex(hash::sha256(|context| context.update(text.as_bytes())).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_ascending_numbers() {
        let migrator = |files| Migrator::new(&Migrations::new(files), Dialect::Sqlite, "");
        assert!(migrator(&[("0001_a.sql", ""), ("0002_b.sql", "")]).is_ok());
        assert!(migrator(&[("0002_b.sql", ""), ("0001_a.sql", "")]).is_err());
        assert!(migrator(&[("0001_b.sql", ""), ("0001_c.sql", "")]).is_err());
        assert!(migrator(&[("1_a.sql", "")]).is_err());
        assert!(migrator(&[("accounts.sql", "")]).is_err());
    }

    #[test]
    fn line_ends_do_not_change_a_checksum() {
        assert_eq!(checksum("a\r\nb"), checksum("a\nb"));
        assert_ne!(checksum("a\nb"), checksum("a b"));
    }
}
