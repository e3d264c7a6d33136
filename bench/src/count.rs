//! Instructions by callgrind and system calls by strace, for each request.
//!
//! Both count two runs of the same load, a short and a long one, and divide the difference by the difference
//! of their requests: what a run costs that no request does (connecting, timers, attaching) cancels out.
//! callgrind counts what the process itself executes, not what the kernel does for it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::folders::need_program;
use crate::load::Load;
use crate::program::{Program, Running, Under};

/// Requests of the short run.
const SHORT: u64 = 50;

/// Requests before counting, so that caches are filled and connections to upstreams made.
const WARM_UP: u64 = 50;

/// The share of a core that an idle process may take under callgrind, which makes of what timers do some fifty times as
/// much; its start takes all of one.
const TIMERS: f64 = 0.5;

/// Instructions a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Instructions {
    pub(crate) total: f64,
    /// Those of SHA-256. The processor that callgrind plays has no instructions for it, so that this part is
    /// far larger than on most real ones.
    pub(crate) digest: f64,
}

/// Starts the program under callgrind and counts its instructions a request.
pub(crate) fn instructions(
    program: &Program,
    load: &Load,
    requests: u64,
    folder: &Path,
) -> anyhow::Result<Instructions> {
    let out = folder.join(format!("callgrind.{}", program.name));
    let process = program.start(Under::Callgrind(&out))?;
    process.settle_below(TIMERS)?;
    load.for_requests(WARM_UP)?;
    let counted = |part: usize, count: u64| {
        load.for_requests(count)?;
        dump(&process)?;
        read_counts(&out.with_file_name(format!("callgrind.{}.{part}", program.name)))
    };
    dump(&process)?;
    let short = counted(2, SHORT)?;
    let long = counted(3, SHORT + requests)?;
    Ok(Instructions {
        total: difference(short.total, long.total, requests),
        digest: difference(short.digest, long.digest, requests),
    })
}

/// Counts a process's system calls a request, with the share of each call, most frequent first.
pub(crate) fn system_calls(
    process: &Running,
    load: &Load,
    requests: u64,
    folder: &Path,
) -> anyhow::Result<SystemCalls> {
    load.for_requests(WARM_UP)?;
    let short = trace(process, load, SHORT, folder)?;
    let long = trace(process, load, SHORT + requests, folder)?;
    Ok(SystemCalls::between(&short, &long, requests))
}

/// System calls a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SystemCalls {
    pub(crate) total: f64,
    by_name: Vec<(String, f64)>,
}

impl SystemCalls {
    fn between(short: &[(String, f64)], long: &[(String, f64)], requests: u64) -> Self {
        let before = |name: &str| {
            short
                .iter()
                .find(|(other, _)| other == name)
                .map_or(0.0, |(_, calls)| *calls)
        };
        let mut by_name: Vec<(String, f64)> = long
            .iter()
            .map(|(name, calls)| (name.clone(), difference(before(name), *calls, requests)))
            .filter(|(_, calls)| *calls >= 0.01)
            .collect();
        by_name.sort_by(|one, other| other.1.total_cmp(&one.1));
        Self {
            total: by_name.iter().map(|(_, calls)| calls).sum(),
            by_name,
        }
    }

    /// `epoll_wait 2.0, write 1.0`.
    pub(crate) fn shown(&self) -> String {
        let calls = self
            .by_name
            .iter()
            .map(|(name, calls)| format!("{name} {calls:.2}"));
        calls.collect::<Vec<_>>().join(", ")
    }
}

fn difference(short: f64, long: f64, requests: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
    let requests = requests as f64;
    (long - short) / requests
}

/// Makes callgrind write what it has counted, and begin again from zero.
fn dump(process: &Running) -> anyhow::Result<()> {
    let output = Command::new(need_program("callgrind_control", "valgrind")?)
        .args(["-d", "window", &process.pid().to_string()])
        .output()?;
    ensure!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("OK."),
        "callgrind does not write its counts"
    );
    Ok(())
}

fn read_counts(file: &Path) -> anyhow::Result<Instructions> {
    let text = fs::read_to_string(file).with_context(|| format!("no counts in `{}`", file.display()))?;
    let total = total(&text).with_context(|| format!("no total in `{}`", file.display()))?;
    Ok(Instructions {
        total,
        digest: own_cost(&text, "sha256_block_data_order"),
    })
}

/// callgrind writes a part for each thread unless told otherwise; the last total is that of all of them.
fn total(text: &str) -> Option<f64> {
    let mut totals = text.lines().filter_map(|line| line.strip_prefix("totals: "));
    totals.next_back()?.trim().parse().ok()
}

/// What functions of this name cost themselves, without those they call. A function's lines follow its name;
/// the line after a `calls=` is what the called one cost.
fn own_cost(text: &str, name: &str) -> f64 {
    let (mut inside, mut called, mut cost) = (false, false, 0.0);
    for line in text.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            inside = function.contains(name);
        } else if line.starts_with("calls=") {
            called = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit()) {
            if inside && !called {
                cost += line
                    .split(' ')
                    .nth(1)
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(0.0);
            }
            called = false;
        }
    }
    cost
}

/// Counts the calls of all threads while the load runs.
fn trace(process: &Running, load: &Load, requests: u64, folder: &Path) -> anyhow::Result<Vec<(String, f64)>> {
    let out = folder.join("strace");
    let mut strace = Command::new(need_program("strace", "strace")?)
        .args(["-f", "-c", "-p", &process.pid().to_string(), "-o"])
        .arg(&out)
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    let stderr = strace.stderr.take().context("strace has no stderr")?;
    let mut stderr = BufReader::new(stderr);
    stderr.read_line(&mut said)?;
    let loaded = if said.contains(" attached") {
        load.for_requests(requests).map(drop)
    } else {
        Err(anyhow::anyhow!(
            "strace cannot look at the process: {}",
            said.trim()
        ))
    };
    Command::new("kill")
        .args(["-INT", &strace.id().to_string()])
        .status()?;
    // Read to its end, since a full pipe would hold strace up.
    std::io::copy(&mut stderr, &mut std::io::sink())?;
    strace.wait()?;
    loaded?;
    Ok(calls(&fs::read_to_string(&out)?))
}

/// The table of `strace -c`: share, seconds, microseconds a call, calls, errors where there are any, name.
fn calls(table: &str) -> Vec<(String, f64)> {
    table
        .lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let (name, calls) = (columns.last()?, columns.get(3)?);
            let known = *name != "total" && columns.len() >= 5;
            known.then(|| Some(((*name).to_owned(), calls.parse().ok()?)))?
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are exact")]
mod tests {
    use super::*;

    const TABLE: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 51.08    0.004135           4      1001           write
 26.23    0.002123           2      1050        50 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.006258           3      2051        50 total
";

    #[test]
    fn the_calls_of_a_table_are_read_without_its_total() {
        let read = calls(TABLE);
        assert_eq!(
            read,
            [("write".to_owned(), 1001.0), ("recvfrom".to_owned(), 1050.0)]
        );
    }

    #[test]
    fn what_a_run_costs_once_cancels_out() {
        let short = [("write".to_owned(), 60.0), ("connect".to_owned(), 1.0)];
        let long = [
            ("write".to_owned(), 260.0),
            ("connect".to_owned(), 1.0),
            ("futex".to_owned(), 50.0),
        ];
        let counted = SystemCalls::between(&short, &long, 100);
        assert_eq!(counted.total, 2.5);
        assert_eq!(counted.shown(), "write 2.00, futex 0.50");
    }

    #[test]
    fn what_a_function_costs_itself_is_told_from_what_it_calls() {
        let text =
            "fn=main\n1 5\ncfn=sha256_block\ncalls=1 0\n1 90\nfn=sha256_block\n0 70\n0 20\nfn=rest\n3 4\n";
        assert_eq!(own_cost(text, "sha256_block"), 90.0);
        assert_eq!(own_cost(text, "main"), 5.0);
    }

    #[test]
    fn the_total_of_all_threads_is_the_last_one() {
        assert_eq!(total("part: 1\ntotals: 10\npart: 2\ntotals: 35\n"), Some(35.0));
        assert_eq!(total("summary: 3\n"), None);
    }
}
