//! `cargo xtask python`: a virtual environment in `<target>/python` with what `e2e/requirements.txt` pins.
//!
//! End-to-end tests let foreign programs judge what we make (a JWT library that is not ours, say). They run
//! `<target>/python/bin/python`. Nothing is installed outside the target folder, except Debian's
//! `python3-venv` where Python cannot make an environment without it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::workspace::Workspace;
use crate::{debian, shell};

/// Makes the environment; does nothing when it is there and as pinned.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let requirements = workspace.root().join("e2e").join("requirements.txt");
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read `{}`", requirements.display()))?;
    let environment = workspace.target().join("python");
    let python = interpreter(workspace);
    // Written last, so it is there only when everything before went well.
    let installed = environment.join("installed-requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) && works(&python) {
        eprintln!("python: `{}` is as pinned already", environment.display());
        return Ok(());
    }
    make(&environment)?;
    shell::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
            ])
            .arg("--requirement")
            .arg(&requirements),
    )?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write `{}`", installed.display()))?;
    eprintln!("python: made `{}`", environment.display());
    Ok(())
}

/// The interpreter of the environment, whether it is there or not.
pub(crate) fn interpreter(workspace: &Workspace) -> PathBuf {
    workspace.target().join("python/bin/python")
}

fn make(environment: &Path) -> anyhow::Result<()> {
    if shell::output(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_err() {
        debian::install("python3-venv")?;
    }
    shell::output(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(environment),
    )
    .map(drop)
}

/// The interpreter an environment points to may be gone.
fn works(python: &Path) -> bool {
    shell::output(Command::new(python).args(["-c", "import sys"])).is_ok()
}
