//! All tests, which of them failed, and which are slow.
//!
//! The test harness tells how long a test took only where unstable options are allowed, which a variable of the test
//! process decides; what is compiled sees nothing of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZero;
use std::process::Stdio;
use std::thread;

use anyhow::{Context as _, bail};

use crate::shell;
use crate::workspace::Workspace;

/// How many of the slowest are named.
const NAMED: usize = 10;

/// How much is shown again of what a failed test printed, in lines.
const SHOWN: usize = 12;

/// How many tests of a binary run at once, for each processor: most of them wait for servers and other processes.
const AT_ONCE: usize = 2;

/// Starts each test binary so that it may be asked for times.
const RUNNER: &str = "target.'cfg(unix)'.runner = ['env', 'RUSTC_BOOTSTRAP=1']";

/// Builds everything, runs the tests and those in documentation, and names the slowest.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    // Examples too: some tests start them.
    shell::run(&mut workspace.cargo(&["test", "--workspace", "--no-run", "--quiet"]))?;
    let tested = run_timed(workspace);
    let documented = shell::run(&mut workspace.cargo(&["test", "--workspace", "--doc", "--quiet"]));
    tested.and(documented)
}

fn run_timed(workspace: &Workspace) -> anyhow::Result<()> {
    let threads = AT_ONCE * thread::available_parallelism().map_or(1, NonZero::get);
    let mut command = workspace.cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]);
    command.args(["--no-fail-fast", "--config", RUNNER]);
    command.args(["--", "-Z", "unstable-options", "--report-time"]);
    command.arg(format!("--test-threads={threads}"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("`cargo test` cannot be started")?;
    let output = child.stdout.take().context("`cargo test` has no output")?;
    let mut times = Vec::new();
    let mut failures = Failures::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("`cargo test` printed something that is not UTF-8")?;
        writeln!(std::io::stdout(), "{line}")?;
        failures.read(&line);
        times.extend(time_of(&line).map(|(name, seconds)| (name.to_owned(), seconds)));
    }
    let status = child.wait().context("`cargo test` is lost")?;
    times.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    eprintln!("\nthe slowest of {} tests:", times.len());
    for (name, seconds) in times.iter().take(NAMED) {
        eprintln!("{seconds:>8.1} s  {name}");
    }
    failures.end_binary();
    failures.print();
    if !status.success() {
        bail!("`cargo test` failed with {status}");
    }
    Ok(())
}

/// What failed tests printed, to be shown once more at the end: thousands of lines may come after it.
#[derive(Default)]
struct Failures {
    shown: Vec<String>,
    /// How many more lines of the one at hand are shown.
    left: usize,
    /// The test that ended last, where the binary at hand has not ended its own.
    last: Option<String>,
}

impl Failures {
    fn read(&mut self, line: &str) {
        if line.starts_with("---- ") {
            self.left = SHOWN;
        } else if line == "failures:" || line == "stack backtrace:" {
            self.left = 0;
        }
        if self.left > 0 && !line.is_empty() {
            self.left -= 1;
            self.shown.push(line.to_owned());
        }
        if line.starts_with("running ") {
            self.end_binary();
            self.last = Some("it began".to_owned());
        } else if line.starts_with("test result: ") {
            self.last = None;
        } else if self.last.is_some() && line.starts_with("test ") {
            self.last = Some(line.to_owned());
        }
    }

    /// The next binary begins, or there is none: one that was killed, or aborted, has named no failed test.
    fn end_binary(&mut self) {
        if let Some(last) = self.last.take() {
            self.shown
                .push(format!("a test binary ended amid its tests, after: {last}"));
        }
    }

    fn print(&self) {
        for line in &self.shown {
            eprintln!("{line}");
        }
    }
}

/// The name and the seconds of `test crash::nothing_is_lost ... ok <1.234s>`.
fn time_of(line: &str) -> Option<(&str, f64)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let seconds = outcome.split_once('<')?.1.strip_suffix("s>")?;
    Some((name, seconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_test_is_read_whatever_its_outcome() {
        assert_eq!(time_of("test a::b ... ok <0.250s>"), Some(("a::b", 0.25)));
        assert_eq!(time_of("test a::b ... FAILED <61.000s>"), Some(("a::b", 61.0)));
    }

    #[test]
    fn what_a_failed_test_said_is_told_once_more_without_its_stack() {
        let mut failures = Failures::default();
        let output = "test a ... FAILED <1.000s>\n\nfailures:\n\n---- a stdout ----\n\nthread 'a' panicked at a.rs:1:1:\n\
                      boom\nstack backtrace:\n   0: main\n\n---- b stdout ----\nfailures:\n    a\ntest result: FAILED.";
        output.lines().for_each(|line| failures.read(line));
        let shown = [
            "---- a stdout ----",
            "thread 'a' panicked at a.rs:1:1:",
            "boom",
            "---- b stdout ----",
        ];
        assert_eq!(failures.shown, shown);
    }

    #[test]
    fn a_binary_that_ends_amid_its_tests_is_named_by_the_last_that_ended() {
        let mut failures = Failures::default();
        for line in [
            "running 1 test",
            "test a ... ok <1.000s>",
            "test result: ok. 1 passed",
        ] {
            failures.read(line);
        }
        for line in [
            "running 2 tests",
            "test b ... ok <1.000s>",
            "running 0 tests",
            "test result: ok.",
        ] {
            failures.read(line);
        }
        failures.end_binary();
        let shown = "a test binary ended amid its tests, after: test b ... ok <1.000s>";
        assert_eq!(failures.shown, [shown]);
    }

    #[test]
    fn other_lines_have_none() {
        for line in [
            "",
            "running 3 tests",
            "test a ... ignored",
            "test result: ok. 3 passed",
        ] {
            assert_eq!(time_of(line), None, "{line}");
        }
    }
}
