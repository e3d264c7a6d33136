//! MinIO's program in `~/.cache/stoa-tools/minio-<version>/`, built from the Go module proxy.
//!
//! From nothing that takes four minutes of two processors and leaves two gigabytes in Go's own caches; a machine that
//! has the program needs neither Go nor its caches.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{shell, tools};

const MODULE: &str = "github.com/minio/minio";

/// Its releases are no versions of a Go module; this is the last commit of its time line.
const VERSION: &str = "v0.0.0-20260212201848-7aac2a2c5b7c";

/// The oldest Go that builds it.
const OLDEST_GO: (u32, u32) = (1, 24);

/// Where it is, if it is there.
pub(super) fn find() -> anyhow::Result<Option<PathBuf>> {
    let program = folder()?.join("minio");
    Ok(program.is_file().then_some(program))
}

/// Builds it, where it is missing.
pub(super) fn install() -> anyhow::Result<()> {
    let _lock = tools::lock("minio")?;
    if find()?.is_some() {
        return Ok(());
    }
    let Some(go) = find_go() else {
        let (major, minor) = OLDEST_GO;
        bail!("MinIO is built from its source, with Go {major}.{minor} or newer; install that by hand");
    };
    let folder = folder()?;
    eprintln!(
        "minio: not here; building it into `{}`, once: it takes some minutes",
        folder.display()
    );
    let half = folder.with_extension("half");
    if half.exists() {
        fs::remove_dir_all(&half).with_context(|| format!("cannot remove `{}`", half.display()))?;
    }
    fs::create_dir(&half).with_context(|| format!("cannot make `{}`", half.display()))?;
    build(&go, &half).with_context(|| {
        format!(
            "MinIO cannot be built from the Go module proxy; without a way there, copy `{}` from a machine that has it",
            folder.display()
        )
    })?;
    fs::rename(&half, &folder).with_context(|| format!("cannot make `{}`", folder.display()))
}

fn folder() -> anyhow::Result<PathBuf> {
    // Not `with_extension`, which would take the version's last part for one.
    Ok(tools::folder()?.join(format!("minio-{}", VERSION.rsplit('-').next().unwrap_or(VERSION))))
}

fn build(go: &str, into: &Path) -> anyhow::Result<()> {
    shell::run(
        Command::new(go)
            .args(["install", "-trimpath", "-ldflags=-s -w"])
            .arg(format!("{MODULE}@{VERSION}"))
            .env("GOBIN", into)
            .env("CGO_ENABLED", "0")
            // A machine's Go is taken as it is: another one is not fetched.
            .env("GOTOOLCHAIN", "local"),
    )
}

/// A Go that is new enough: the one on the path, or where its makers' archive is unpacked.
fn find_go() -> Option<String> {
    let mut candidates = ["go", "/usr/local/go/bin/go"].into_iter();
    let found = candidates.find(|go| {
        let said = shell::output(Command::new(go).arg("version")).unwrap_or_default();
        version(&said).is_some_and(|version| version >= OLDEST_GO)
    });
    found.map(str::to_owned)
}

/// Of what `go version` says: `go version go1.26.8 linux/amd64`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split(' ').nth(2)?.strip_prefix("go")?.split(['.', 'r', 'b']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_go_is_read() {
        assert_eq!(version("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(version("go version go1.24rc1 linux/arm64"), Some((1, 24)));
        assert_eq!(version("go version devel +b7a85e0003"), None);
        assert_eq!(version(""), None);
    }
}
