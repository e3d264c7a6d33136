//! `stoa migrate`.

use std::process::ExitCode;

use anyhow::Context;
use kit_config::Loaded;
use kit_db::Db;
use kit_runtime::Lifecycle;

use crate::cli::{Migrate, answer, talk};
use crate::node::Node;
use crate::services::Service;

/// What `--check` ends with where something would run, so that a script can tell.
const PENDING: u8 = 2;

pub(super) fn migrate(config: Loaded, options: &Migrate) -> anyhow::Result<ExitCode> {
    config.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let done = run(config, options, &lifecycle).await;
        lifecycle.end().await;
        done
    })
}

async fn run(config: Loaded, options: &Migrate, lifecycle: &Lifecycle) -> anyhow::Result<ExitCode> {
    let services: Vec<Service> = if options.services.is_empty() {
        Service::ALL.into()
    } else {
        options.services.clone()
    };
    let node = Node::new(config, services.iter().copied().collect(), lifecycle.tasks())?;
    let mut pending = 0;
    for service in services {
        let Some(migrations) = service.migrations() else {
            continue;
        };
        if options.check {
            let plan = Db::plan(&node.database_settings(service), &migrations).await;
            let plan = plan.with_context(|| format!("the database of `{service}` could not be read"))?;
            pending += plan.pending.len();
            for name in plan.pending {
                answer(&format!("{service}: {name} would run"));
            }
        } else {
            node.database(service).await?;
            talk(&format!("{service}: up to date"));
        }
    }
    Ok(if pending > 0 {
        ExitCode::from(PENDING)
    } else {
        ExitCode::SUCCESS
    })
}
