//! `cargo xtask deny`: `cargo deny` with the repository's `deny.toml`.
//!
//! Bans, licences and sources need nothing but the lock file. Advisories need a database from the network:
//! where it cannot be fetched, that is said and the rest still counts.
//!
//! The program is built once a machine into `~/.cache/stoa-tools`, outside every target folder, and with a
//! cheap profile: its own asks for whole-program optimisation, which takes minutes and saves milliseconds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::workspace::Workspace;
use crate::{shell, tools};

const VERSION: &str = "0.20.2";

/// Runs the checks, building the program first where it is missing.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let program = find_or_build()?;
    let deny = |args: &[&str]| {
        let mut command = Command::new(&program);
        // A fetch that wants a password must fail, not wait.
        command.env("GIT_TERMINAL_PROMPT", "0");
        command
            .current_dir(workspace.root())
            .args(["--all-features", "--workspace"])
            .args(args);
        command
    };
    shell::run(&mut deny(&[
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    if let Err(error) = shell::output(&mut deny(&["fetch", "db"])) {
        eprintln!("SKIPPED: advisories; their database cannot be fetched, so nothing was checked: {error:#}");
        return Ok(());
    }
    shell::run(&mut deny(&["check", "--disable-fetch", "advisories"]))
}

fn find_or_build() -> anyhow::Result<PathBuf> {
    let on_path = PathBuf::from("cargo-deny");
    if is_current(&on_path) {
        return Ok(on_path);
    }
    let tools = tools::folder()?;
    let program = tools.join("bin").join("cargo-deny");
    if !is_current(&program) {
        eprintln!(
            "cargo-deny {VERSION}: not here; building it into `{}`, once",
            tools.display()
        );
        let build = tools.join("build");
        shell::run(
            Command::new("cargo")
                .args([
                    "install",
                    "cargo-deny",
                    "--version",
                    VERSION,
                    "--locked",
                    "--quiet",
                    "--force",
                    "--root",
                ])
                .arg(&tools)
                .arg("--target-dir")
                .arg(&build)
                .envs([
                    ("CARGO_PROFILE_RELEASE_LTO", "off"),
                    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
                ])
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
        )?;
        std::fs::remove_dir_all(&build).with_context(|| format!("cannot remove `{}`", build.display()))?;
    }
    Ok(program)
}

fn is_current(program: &Path) -> bool {
    shell::output(Command::new(program).arg("--version"))
        .is_ok_and(|said| said.split_whitespace().any(|word| word == VERSION))
}
