//! The commands that services add: each works on its service's database, without a token.

use std::process::ExitCode;

use anyhow::bail;
use clap::ArgMatches;
use kit_bus::Admin;
use kit_config::Loaded;
use kit_runtime::Lifecycle;
use kit_service::{Home, Ownership, ServiceCommand};

use super::run_to_end;
use crate::node::Node;
use crate::services::{self, KnownService};

/// Every command that a service adds.
pub(crate) fn all() -> impl Iterator<Item = (KnownService, &'static ServiceCommand)> {
    services::all().flat_map(|service| service.commands.iter().map(move |command| (service, command)))
}

/// Runs one of them, with what was asked of it.
pub(super) fn operate(
    config: Loaded,
    (service, command): (KnownService, &ServiceCommand),
    matches: &ArgMatches,
) -> anyhow::Result<ExitCode> {
    run_to_end(config, async |config, lifecycle| {
        // The node holds the data folder until the command has ended.
        let (_node, home) = match command.ownership {
            Ownership::Own => own(config, service, lifecycle).await?,
            Ownership::Beside => beside(config, service, lifecycle).await?,
        };
        command.run(matches, home).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// On PostgreSQL beside running processes; a SQLite file has one owner, so `stoa up` must not run.
async fn own(config: Loaded, service: KnownService, lifecycle: &Lifecycle) -> anyhow::Result<(Node, Home)> {
    let mut node = Node::new(config, &[service], lifecycle.tasks())?;
    node.open_databases().await?;
    let home = node.home(service);
    Ok((node, home))
}

/// Beside whoever runs. The logs of the other services are opened too, where they are there, to tell how much of
/// them is left to read.
async fn beside(
    config: Loaded,
    service: KnownService,
    lifecycle: &Lifecycle,
) -> anyhow::Result<(Node, Home)> {
    let node = Node::beside(config, lifecycle.tasks(), |_| {}).await?;
    let name = service.name;
    if !node.is_host_of(name) {
        bail!(
            "the database of `{name}` is not there or not up to date; is this the right data folder, or \
             `database.url`?"
        );
    }
    let events = Admin::new(node.database(name)?, node.sources()?);
    let home = node.home(service).with_events(events);
    Ok((node, home))
}
