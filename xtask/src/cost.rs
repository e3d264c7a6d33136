//! `cargo xtask cost`: instructions and system calls a request against `bench/limits.toml`.
//!
//! These figures do not depend on what else runs on a machine, so a limit on them can be held. They are those of the
//! `release` binary, which is built here, since the gate itself builds nothing of the product: to build what is shipped
//! takes minutes more, and what costs more in one costs more in the other.

use std::process::{Command, Stdio};

use crate::workspace::Workspace;
use crate::{debian, shell};

/// Programs that count, each with its Debian package.
const COUNTERS: [(&str, &str); 2] = [("valgrind", "valgrind"), ("strace", "strace")];

/// Runs the command.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    for (program, package) in COUNTERS {
        if !is_there(program) {
            debian::install(package)?;
        }
    }
    shell::run(&mut workspace.cargo(&["build", "--quiet", "--release", "-p", "stoa"]))?;
    shell::run(&mut workspace.cargo(&["run", "--quiet", "--release", "-p", "bench", "--", "gate"]))
}

fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
