//! Where things are: the binary under test, the Python of foreign verifiers, the acceptance contracts.

use std::path::{Path, PathBuf};

/// The binary: `<target>/release/stoa`, or the one that the variable `STOA_BIN` names.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn stoa() -> PathBuf {
    let binary = variable("STOA_BIN").unwrap_or_else(|| target().join("release/stoa"));
    assert!(
        binary.is_file(),
        "no binary `{}`: run `cargo build --release -p stoa`",
        binary.display()
    );
    binary
}

/// A Python that has what `e2e/requirements.txt` names.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn python() -> PathBuf {
    let python = target().join("python/bin/python");
    assert!(
        python.is_file(),
        "no Python `{}`: run `cargo xtask python`",
        python.display()
    );
    python
}

/// The program that runs the acceptance contracts. They are no part of the repository.
#[must_use]
pub fn contracts() -> Option<PathBuf> {
    let run = workspace().join("../shared/contracts/run");
    run.canonicalize().ok()
}

/// The root of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn target() -> PathBuf {
    let folder = variable("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    // An absolute folder replaces what it is joined to.
    workspace().join(folder)
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo, and whoever tests another binary, tell by the environment alone; the one place that asks"
)]
pub(crate) fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
