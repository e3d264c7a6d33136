//! Installing a program from Debian's packages, saying so.
//!
//! Nothing already installed is touched or upgraded, and an instance of its own that a package starts is
//! left running: ours have ports and folders of their own.

use std::process::{Command, Stdio};

use anyhow::bail;

use crate::backends::account;
use crate::shell;

/// Installs the package. Clear words where that cannot be done: not root, or not Debian.
pub(crate) fn install(package: &str) -> anyhow::Result<()> {
    let by_hand = format!("install it by hand (`apt-get install --no-install-recommends {package}`)");
    if !account::is_root()? {
        bail!("`{package}` is not installed, and only root can install it; {by_hand}");
    }
    let apt = Command::new("apt-get")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !apt.is_ok_and(|status| status.success()) {
        bail!("`{package}` is not installed, and there is no `apt-get` here; {by_hand}");
    }
    eprintln!("{package}: not installed; installing it with `apt-get`");
    shell::run(apt_get().args(["update", "-qq"]))?;
    shell::run(apt_get().args(["install", "-y", "-qq", "--no-install-recommends", package]))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
