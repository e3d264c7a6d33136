//! Running other programs, with errors that say which one and why.

use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};

/// Runs a program whose output goes where ours goes; an exit status other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = shown(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{shown}` cannot be started"))?;
    if !status.success() {
        bail!("`{shown}` failed with {status}");
    }
    Ok(())
}

/// Runs a program and gives back its stdout; its stderr is shown only as part of the error.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let shown = shown(command);
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{shown}` cannot be started"))?;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        bail!("`{shown}` failed with {status}: {}", said.trim());
    }
    String::from_utf8(stdout).with_context(|| format!("`{shown}` printed something that is not UTF-8"))
}

/// The command line as a person would read it. Environment, and so every password, is left out.
fn shown(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
