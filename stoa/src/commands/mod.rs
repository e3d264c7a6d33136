//! What each command does.

mod brokers;
mod clock;
mod config;
mod demo;
mod document;
mod events;
mod host;
mod lists;
mod migrate;
mod operate;
mod verify;

use std::process::ExitCode;

use anyhow::bail;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use kit_config::Loaded;
use kit_runtime::Lifecycle;
use kit_service::{answer, talk};

use crate::cli::{Command, CommandLine, GlobalOptions};
use crate::node::Node;
use crate::settings;

/// The whole command line: the binary's own commands and those of its services.
pub(crate) fn command_line() -> clap::Command {
    let own = CommandLine::command();
    operate::all().fold(own, |line, (_, added)| line.subcommand(added.command.clone()))
}

/// Runs a command that ends by itself; what it began in the background has ended when this returns.
fn run_to_end<T>(
    config: Loaded,
    command: impl AsyncFnOnce(Loaded, &Lifecycle) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    config.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let done = command(config, &lifecycle).await;
        lifecycle.end().await;
        done
    })
}

/// The databases of every service, beside whoever runs; says of each that is left out, and is refused where there is
/// none.
async fn open_beside(config: Loaded, lifecycle: &Lifecycle) -> anyhow::Result<Node> {
    let node = Node::beside(config, lifecycle.tasks(), |service| {
        talk(&format!(
            "`{}` is left out: its database is not there or not up to date",
            service.name
        ));
    })
    .await?;
    if node.hosts.is_empty() {
        bail!("there is no database to look at; is this the right data folder, or `database.url`?");
    }
    Ok(node)
}

pub(crate) fn execute(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    if let Some((name, asked)) = matches.subcommand()
        && let Some(added) = operate::all().find(|(_, added)| added.command.get_name() == name)
    {
        let global = GlobalOptions::from_arg_matches(asked)?;
        return operate::operate(settings::load(global.config, global.set)?, added, asked);
    }
    let CommandLine {
        global: GlobalOptions { config: file, set },
        command,
    } = CommandLine::from_arg_matches(matches)?;
    match command {
        Command::Up(options) => host::up(file, set, options),
        Command::Run(options) => host::run(settings::load(file, set)?, &options),
        Command::Demo(options) => demo::demo(file, set, &options),
        Command::Migrate(options) => migrate::migrate(settings::load(file, set)?, &options),
        Command::Config(options) => config::config(file, set, &options),
        Command::Clock(command) => clock::clock(&settings::load(file, set)?, &command),
        Command::Brokers(listing) => brokers::brokers(settings::load(file, set)?, listing),
        Command::Events(options) => events::events(settings::load(file, set)?, &options),
        Command::Verify(options) => verify::verify(settings::load(file, set)?, &options),
        Command::Services(options) => lists::services(&settings::load(file, set)?, options),
        Command::Routes(options) => lists::routes(&settings::load(file, set)?, options),
        Command::Openapi(options) => {
            document::openapi(&options)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Asyncapi => {
            document::asyncapi()?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Version => {
            answer(concat!("stoa ", env!("CARGO_PKG_VERSION")))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
