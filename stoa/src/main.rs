//! Stoa's one binary: `stoa up` runs every service in one process, `stoa run` any of them.
//!
//! Here are the command line and the composition root, nothing else. What the commands do stands in
//! `commands`, which services there are in `services`, how they are put together in `compose`.

mod cli;
mod commands;
mod compose;
mod node;
mod serve;
mod services;
mod settings;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let line = cli::CommandLine::parse();
    match commands::execute(line) {
        Ok(code) => code,
        Err(error) => {
            cli::talk(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
