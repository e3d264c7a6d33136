//! `stoa migrate`.

use std::process::ExitCode;

use kit_config::Loaded;
use kit_runtime::Lifecycle;
use kit_service::{answer, talk};

use super::run_to_end;
use crate::cli::Migrate;
use crate::node::Node;
use crate::services::{self, KnownService};

/// What `--check` ends with where something would run, so that a script can tell.
const PENDING: u8 = 2;

pub(super) fn migrate(config: Loaded, options: &Migrate) -> anyhow::Result<ExitCode> {
    run_to_end(config, async |config, lifecycle| {
        run(config, options, lifecycle).await
    })
}

async fn run(config: Loaded, options: &Migrate, lifecycle: &Lifecycle) -> anyhow::Result<ExitCode> {
    let services: Vec<KnownService> = if options.services.is_empty() {
        services::all().collect()
    } else {
        options.services.clone()
    };
    let mut node = Node::new(config, &services, lifecycle.tasks())?;
    if options.check {
        return check(&node).await;
    }
    node.open_databases().await?;
    for service in services {
        if service.migrations.is_some() {
            talk(&format!("{}: up to date", service.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(node: &Node) -> anyhow::Result<ExitCode> {
    let mut is_pending = false;
    for service in &node.hosts {
        for name in node.pending_migrations(service).await? {
            answer(&format!("{}: {name} would run", service.name))?;
            is_pending = true;
        }
    }
    Ok(if is_pending {
        ExitCode::from(PENDING)
    } else {
        ExitCode::SUCCESS
    })
}
