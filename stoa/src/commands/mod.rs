//! What each command does.

mod analytics;
mod brokers;
mod config;
mod document;
mod events;
mod host;
mod lists;
mod migrate;
mod operate;

use std::process::ExitCode;

use crate::cli::{Command, CommandLine, answer};
use crate::settings;

pub(crate) fn execute(line: CommandLine) -> anyhow::Result<ExitCode> {
    let CommandLine {
        config: file,
        set,
        command,
    } = line;
    match command {
        Command::Up(options) => host::up(file, set, options),
        Command::Run(options) => host::run(settings::load(file, set)?, &options),
        Command::Migrate(options) => migrate::migrate(settings::load(file, set)?, &options),
        Command::Config(options) => config::config(file, set, &options),
        Command::Keys(options) => operate::keys(settings::load(file, set)?, &options),
        Command::Admin(options) => operate::admin(settings::load(file, set)?, &options),
        Command::Brokers(listing) => brokers::brokers(&settings::load(file, set)?, &listing),
        Command::Events(options) => events::events(settings::load(file, set)?, &options),
        Command::Analytics(options) => analytics::analytics(settings::load(file, set)?, &options),
        Command::Services(options) => lists::services(&settings::load(file, set)?, &options),
        Command::Routes(options) => lists::routes(&settings::load(file, set)?, &options),
        Command::Openapi(options) => {
            document::openapi(&options);
            Ok(ExitCode::SUCCESS)
        }
        Command::Asyncapi => {
            document::asyncapi();
            Ok(ExitCode::SUCCESS)
        }
        Command::Version => {
            answer(concat!("stoa ", env!("CARGO_PKG_VERSION")));
            Ok(ExitCode::SUCCESS)
        }
    }
}
