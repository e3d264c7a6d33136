//! `stoa payments`: looks whether the books are in order.
//!
//! Works on the database alone, so beside running processes and without any, and runs no migrations.

use anyhow::bail;
use clap::Subcommand;
use kit_db::{Db, Reader, StoreError};
use kit_service::{Home, Ownership, ServiceCommand, answer, talk};

use crate::store;

#[derive(Debug, Subcommand)]
enum Payments {
    /// Checks the ledger and every payment, and names each row by which a rule is broken; fails where there is one.
    Verify,
}

pub(crate) fn command() -> ServiceCommand {
    let about = "Looks whether the books are in order";
    ServiceCommand::new("payments", about, Ownership::Beside, run)
}

async fn run(command: Payments, home: Home) -> anyhow::Result<()> {
    match command {
        Payments::Verify => {
            let broken = verify(&home.db()?).await?;
            for (rule, row) in &broken {
                answer(&format!("{row}: {rule}"))?;
            }
            if !broken.is_empty() {
                bail!("{} rows are not in order", broken.len());
            }
            talk("the books are in order");
            Ok(())
        }
    }
}

/// The rules of the ledger and of payments that are broken, each with a row that breaks it; there should be none.
pub async fn verify(db: &Db) -> Result<Vec<(&'static str, String)>, StoreError> {
    db.read(async |reader: &mut Reader| store::list_broken_rules(reader).await)
        .await
}
