//! `stoa analytics`: counts the statistics anew, and tells how they stand.
//!
//! Works on the databases alone, so beside running processes and without any, and runs no migrations.

use std::process::ExitCode;
use std::time::Duration;

use analytics::{GenerationReport, Operator};
use anyhow::{Context, bail};
use kit_bus::Admin;
use kit_config::Loaded;
use kit_runtime::Lifecycle;
use serde_json::{Value, json};

use crate::cli::{Analytics, answer, talk};
use crate::node::Node;
use crate::services::find;

/// Between two looks at a rebuild.
const LOOK: Duration = Duration::from_millis(500);

pub(super) fn analytics(config: Loaded, options: &Analytics) -> anyhow::Result<ExitCode> {
    config.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let done = run(config, options, &lifecycle).await;
        lifecycle.end().await;
        done.map(|()| ExitCode::SUCCESS)
    })
}

async fn run(config: Loaded, options: &Analytics, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let operator = operator(config, lifecycle).await?;
    match options {
        Analytics::Rebuild { wait } => {
            let generation = operator.rebuild().await?;
            talk(
                "it is counted anew beside the statistics that are shown, and shown once it has all of them",
            );
            answer(&generation.to_string());
            if *wait {
                follow(&operator, generation).await?;
            }
        }
        Analytics::Status(listing) => {
            let all = operator.generations().await?;
            if listing.json {
                let all: Value = all.iter().map(|generation| json!(generation)).collect();
                answer(&format!("{all:#}"));
            } else {
                answer(&all.iter().map(line).collect::<Vec<_>>().join("\n"));
            }
        }
    }
    Ok(())
}

/// Beside whoever runs. The log of payments is opened too, where it is there, to tell how much is left of it.
async fn operator(config: Loaded, lifecycle: &Lifecycle) -> anyhow::Result<Operator> {
    let wanted = [find("analytics"), find("payments")].into_iter().flatten();
    let mut node = Node::beside(config, wanted.collect(), lifecycle.tasks())?;
    for service in node.hosts.clone() {
        if !node.pending_migrations(service).await?.is_empty() {
            node.hosts.retain(|host| host.name != service.name);
        }
    }
    if !node.is_host_of("analytics") {
        bail!(
            "the database of `analytics` is not there or not up to date; is this the right data folder, or \
             `database.url`?"
        );
    }
    node.open_databases().await?;
    let db = node.database("analytics")?;
    let bus = Admin::new(db.clone(), node.sources()?);
    Ok(Operator::new(db, bus, node.clock.clone()))
}

/// Tells how far a rebuild is until it is over.
async fn follow(operator: &Operator, generation: i64) -> anyhow::Result<()> {
    let mut told = String::new();
    loop {
        let all = operator.generations().await?;
        let found = all.iter().find(|known| known.generation == generation);
        let found = found.context("the generation is gone")?;
        match found.state.as_str() {
            "live" => {
                talk("it is shown");
                return Ok(());
            }
            "retired" => bail!("a later rebuild has overtaken it"),
            _ => {}
        }
        let now = match found.rows_behind {
            Some(rows) => format!("{} events counted, {rows} rows to read", found.events),
            None => "no process has begun with it; is analytics running?".to_owned(),
        };
        if now != told {
            talk(&now);
            told = now;
        }
        tokio::time::sleep(LOOK).await;
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
