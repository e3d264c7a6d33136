//! The project's own chores, as `cargo xtask <command>`: one file a command.
//!
//! It stays light on purpose: it depends on none of the workspace's crates, so it builds in seconds and
//! still runs when they do not compile. What needs them it asks of `cargo` or of the `stoa` binary.
//!
//! stdout is data (`backends status`, findings), stderr is talk.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks on its standard streams"
)]

mod backends;
mod shell;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start, stop or look at the servers that tests need.
    Backends(backends::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match Workspace::load().and_then(|workspace| run(cli.command, &workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, workspace: &Workspace) -> anyhow::Result<()> {
    match command {
        Command::Backends(args) => backends::run(&args, workspace),
    }
}
