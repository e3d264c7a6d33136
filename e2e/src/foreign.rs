//! Foreign programs at the brokers: what others see of our events, and what we make of theirs.
//!
//! They are scripts in `tests/python`, on clients that are not ours: each takes one order, as JSON on stdin, and
//! answers with JSON on stdout.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::paths;

/// Gives a script an order; its answer.
///
/// # Panics
/// When it does not do it.
#[must_use]
#[expect(clippy::expect_used, reason = "a story without its witness cannot go on")]
pub fn order(script: &str, wanted: &Value) -> Value {
    let done = run(script, &[], &wanted.to_string());
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{script}: {told}");
    serde_json::from_slice(&done.stdout).expect("JSON")
}

/// Runs a script to its end, with a text on stdin.
///
/// # Panics
/// When it does not start, or does not take the text.
#[must_use]
#[expect(clippy::expect_used, reason = "a story without its witness cannot go on")]
pub fn run(script: &str, arguments: &[&str], input: &str) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let mut child = Command::new(paths::python())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(folder.join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("it takes the text");
    drop(stdin);
    child.wait_with_output().expect("Python ends")
}
