//! `~/.cache/stoa-tools`: what is built or fetched once a machine, outside every target folder.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::Context as _;

/// The folder; it is made when it is not there.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let home = env::home_dir().context("no home folder to keep tools in")?;
    let folder = home.join(".cache").join("stoa-tools");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    Ok(folder)
}

/// Waits until no other run works on the tool of this name; held until dropped.
pub(crate) fn lock(name: &str) -> anyhow::Result<File> {
    let path = folder()?.join(format!("{name}.lock"));
    let lock = File::create(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
    lock.lock()
        .with_context(|| format!("cannot lock `{}`", path.display()))?;
    Ok(lock)
}
