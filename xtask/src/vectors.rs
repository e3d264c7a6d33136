//! `cargo xtask vectors`: the Wycheproof signature and key vectors against `kit-token`.
//!
//! The vectors are not part of the repository. Where the folder is not there, nothing is checked, and that
//! is said, so that nobody takes silence for a pass.

use std::path::PathBuf;

use anyhow::bail;

use crate::shell;
use crate::workspace::Workspace;

/// The command line of `cargo xtask vectors`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Where the vectors are; `../shared/vectors` beside the workspace unless given.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, workspace: &Workspace) -> anyhow::Result<()> {
    let folder = args.dir.clone().unwrap_or_else(|| workspace.shared("vectors"));
    if !folder.is_dir() {
        if args.dir.is_some() {
            bail!("no folder `{}`", folder.display());
        }
        eprintln!(
            "SKIPPED: no test vectors in `{}`; nothing was checked",
            folder.display()
        );
        return Ok(());
    }
    let folder = folder.canonicalize()?.join("wycheproof");
    shell::run(
        workspace
            .cargo(&["run", "--quiet", "-p", "kit-token", "--example", "vectors", "--"])
            .arg(folder),
    )
}
