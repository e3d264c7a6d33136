//! Installing a program from Debian's packages, saying so.
//!
//! Nothing already installed is touched or upgraded, and an instance of its own that a package starts is
//! left running: ours have ports and folders of their own.

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::backends::account;
use crate::{shell, tools};

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
    // `apt-get` refuses a second run of itself instead of waiting for the first.
    let _lock = tools::lock("apt-get")?;
    eprintln!("{package}: not installed; installing it with `apt-get`");
    shell::run(apt_get().args(["update", "-qq"]))
        .and_then(|()| {
            shell::run(apt_get().args(["install", "-y", "-qq", "--no-install-recommends", package]))
        })
        .with_context(|| format!("`{package}` cannot be installed"))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Somebody else's run, which knows nothing of our lock.
        .args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}
