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
mod ci;
mod contracts;
mod cost;
mod crates;
mod debian;
mod deny;
mod generate;
mod python;
mod shell;
mod testing;
mod tidy;
mod tools;
mod vectors;
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
    /// Everything CI does, in its order, stopping at the first failure.
    Ci,
    /// Check the house rules that no compiler checks.
    Tidy,
    /// Write the generated files, or check that they are fresh.
    Gen(generate::Args),
    /// Start, stop or look at the servers that tests need.
    Backends(backends::Args),
    /// Check licences, bans and sources of dependencies, and advisories where their database is reachable.
    Deny,
    /// Run the signature test vectors against `kit-token`.
    Vectors(vectors::Args),
    /// Run the acceptance contracts against the release binary.
    Contracts(contracts::Args),
    /// Build and run all tests, and name the slowest; servers must be up.
    Test,
    /// Hold a request's instructions and system calls to their limits.
    Cost,
    /// Make the Python environment that end-to-end tests use.
    Python,
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
        Command::Ci => ci::run(workspace),
        Command::Tidy => tidy::run(workspace),
        Command::Gen(args) => generate::run(&args, workspace),
        Command::Test => testing::run(workspace),
        Command::Backends(args) => backends::run(&args, workspace),
        Command::Deny => deny::run(workspace),
        Command::Vectors(args) => vectors::run(&args, workspace),
        Command::Contracts(args) => contracts::run(&args, workspace),
        Command::Cost => cost::run(workspace),
        Command::Python => python::run(workspace),
    }
}
