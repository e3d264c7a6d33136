//! Stoa's one binary: `stoa up` runs every service in one process, `stoa run` any of them.
//!
//! Here are the command line and the composition root, nothing else. What the commands do stands in
//! `commands`, which services there are in `services`, how they are put together in `compose`.

mod audit;
mod carriers;
mod cli;
mod commands;
mod compose;
mod node;
mod redis;
mod serve;
mod services;
mod settings;
mod shifted_clock;
mod telemetry;
mod tokens;

use std::process::ExitCode;

/// Threads that allocate at the same time wait for each other less than with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::execute(&commands::command_line().get_matches()) {
        Ok(code) => code,
        Err(error) => {
            kit_service::talk(&format!("error: {}", error_chain(&error)));
            ExitCode::FAILURE
        }
    }
}

/// An error and what led to it. Some say their cause themselves; nothing is said twice.
fn error_chain(error: &anyhow::Error) -> String {
    let mut story = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !story.ends_with(&cause) {
            story = format!("{story}: {cause}");
        }
    }
    story
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::error_chain;

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow!("connection refused")
            .context("the database cannot be reached: connection refused")
            .context("auth could not start");
        let expected = "auth could not start: the database cannot be reached: connection refused";
        assert_eq!(error_chain(&error), expected);
    }
}
