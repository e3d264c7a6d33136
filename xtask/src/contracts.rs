//! `cargo xtask contracts`: the acceptance contracts, over HTTP against a `stoa up` of the release build.
//!
//! They are not part of the repository. Where they are not there, nothing is checked, and that is said, so
//! that nobody takes silence for a pass.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::workspace::Workspace;
use crate::{python, shell};

/// The command line of `cargo xtask contracts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program that runs them; `../shared/contracts/run` beside the workspace unless given.
    #[arg(long)]
    run: Option<PathBuf>,
    /// Which contracts, separated by commas.
    #[arg(long, default_value = CONTRACTS)]
    only: String,
}

/// Those that the platform keeps so far.
const CONTRACTS: &str = "mesh,transactions,commerce,storage";

impl Default for Args {
    fn default() -> Self {
        Self {
            run: None,
            only: CONTRACTS.to_owned(),
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, workspace: &Workspace) -> anyhow::Result<()> {
    let program = args
        .run
        .clone()
        .unwrap_or_else(|| workspace.shared("contracts").join("run"));
    if !program.is_file() {
        if args.run.is_some() {
            bail!("no file `{}`", program.display());
        }
        eprintln!(
            "SKIPPED: no contracts in `{}`; nothing was checked",
            program.display()
        );
        return Ok(());
    }
    shell::run(&mut workspace.cargo(&["build", "--quiet", "--release", "-p", "stoa"]))?;
    // They use the storage by a foreign client.
    python::run(workspace)?;
    // The folder may be read-only, and is not ours to write into.
    let mut command = Command::new(python::interpreter(workspace));
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(program.canonicalize()?);
    shell::run(
        command
            .arg("--bin")
            .arg(workspace.release_binary())
            .args(["--only", &args.only]),
    )
}
