//! `stoa analytics`: counts the statistics anew, and tells how they stand.
//!
//! Works on the databases alone, so beside running processes and without any, and runs no migrations.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Subcommand;
use kit_service::{Home, Listing, Ownership, ServiceCommand, answer, talk};

use crate::operator::{GenerationReport, Operator};
use crate::store::GenerationState;

/// Between two looks at a rebuild.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
enum Analytics {
    /// Counts everything anew from the log, beside the statistics that are shown, and shows it once it is done.
    /// A running analytics begins within a second; otherwise the next one does.
    Rebuild {
        /// Waits until it is shown, and tells how far it is.
        #[arg(long)]
        wait: bool,
    },
    /// Lists every generation of the statistics, and how far its consumer is.
    Status(Listing),
}

pub(crate) fn command() -> ServiceCommand {
    let about = "Counts the statistics anew, and tells how they stand";
    ServiceCommand::new("analytics", about, Ownership::Beside, run)
}

async fn run(command: Analytics, home: Home) -> anyhow::Result<()> {
    let operator = Operator::new(home.db()?, home.events()?, home.clock.clone());
    match command {
        Analytics::Rebuild { wait } => {
            let generation = operator.rebuild().await?;
            talk(
                "it is counted anew beside the statistics that are shown, and shown once it has all of them",
            );
            answer(&generation.to_string())?;
            if wait {
                follow(&operator, generation).await?;
            }
        }
        Analytics::Status(listing) => listing.print(&operator.generations().await?, line)?,
    }
    Ok(())
}

/// Tells how far a rebuild is until it is over.
async fn follow(operator: &Operator, generation: i64) -> anyhow::Result<()> {
    let mut printed = String::new();
    loop {
        let all = operator.generations().await?;
        let found = all.iter().find(|known| known.generation == generation);
        let found = found.context("the generation is gone")?;
        match found.state {
            GenerationState::Live => {
                talk("it is shown");
                return Ok(());
            }
            GenerationState::Retired => bail!("a later rebuild has overtaken it"),
            GenerationState::Building => {}
        }
        let now = match found.rows_behind {
            Some(rows) => format!("{} events counted, {rows} rows to read", found.events),
            None => "no process has begun with it; is analytics running?".to_owned(),
        };
        if now != printed {
            talk(&now);
            printed = now;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn line(generation: &GenerationReport) -> String {
    let behind = match generation.rows_behind {
        Some(rows) => format!("{rows} rows behind"),
        None => "-".to_owned(),
    };
    format!(
        "{:<4} {:<9} {:>12} events  {:<20} {:<24} {} dead letters",
        generation.generation,
        generation.state,
        generation.events,
        behind,
        generation.consumer,
        generation.dead_letters
    )
}
