//! The machine: what it is, and which core does what.
//!
//! What is measured has a core to itself, and its load and its neighbours share the others, so that they do
//! not take turns on one. Threads inherit the core of the one that starts them, and so do processes.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};
use serde::Serialize;

/// What a reader of figures has to know.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// Of the first core.
    pub model: String,
    /// As the operating system counts them.
    pub cores: usize,
    /// In MiB.
    pub memory_mib: u64,
    /// Runnable processes of the last minute when the run began; more than a few tenths is noise.
    pub load_before: f64,
}

impl Machine {
    /// Asks the operating system.
    pub(crate) fn look() -> anyhow::Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo").context("cannot read `/proc/cpuinfo`")?;
        let memory = fs::read_to_string("/proc/meminfo").context("cannot read `/proc/meminfo`")?;
        let load = fs::read_to_string("/proc/loadavg").context("cannot read `/proc/loadavg`")?;
        let kib: u64 = field(&memory, "MemTotal:")
            .unwrap_or("0")
            .trim_end_matches(" kB")
            .parse()?;
        Ok(Self {
            model: field(&cpu, "model name")
                .unwrap_or("unknown")
                .trim_start_matches([':', ' '])
                .to_owned(),
            cores: core_count(),
            memory_mib: kib / 1024,
            load_before: load.split(' ').next().unwrap_or_default().parse()?,
        })
    }
}

/// The rest of the first line that begins so, without blanks around it.
pub(crate) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

/// A set of cores, as `taskset` writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cores {
    /// That of what is measured.
    Measured,
    /// Those of everything else; the same one where there is no other.
    Others,
    /// Every core.
    All,
}

impl Cores {
    /// The list.
    pub(crate) fn list(self) -> String {
        let all = allowed();
        let some = match self {
            Self::Measured => &all[..1],
            Self::Others if all.len() > 1 => &all[1..],
            Self::Others | Self::All => all,
        };
        some.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
    }
}

/// Puts the thread that calls, which must be the first one, on these cores, with all it starts from now on.
pub(crate) fn pin(cores: Cores) -> anyhow::Result<()> {
    let status = Command::new("taskset")
        .args(["-cp", &cores.list(), &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status()
        .context("`taskset` cannot be started; it is in Debian's package `util-linux`")?;
    ensure!(status.success(), "`taskset` cannot pin this process: {status}");
    Ok(())
}

/// CPU time that the calling thread has taken so far, in seconds: what a busy neighbour takes is not in it.
pub(crate) fn thread_seconds() -> anyhow::Result<f64> {
    // The kernel brings the count up to date when the thread yields, otherwise only every few milliseconds.
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("the kernel keeps no CPU times")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

/// CPU time of all threads of a process so far, in seconds. Threads that have ended are not in it.
pub(crate) fn process_seconds(pid: u32) -> anyhow::Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text
            .split(' ')
            .next()
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0);
    }
    Ok(nanoseconds / 1e9)
}

/// How many cores this process may use, also while this thread is on one of them.
pub(crate) fn core_count() -> usize {
    allowed().len()
}

/// Asked once, before anything is pinned. Never empty.
fn allowed() -> &'static [usize] {
    static ALLOWED: OnceLock<Vec<usize>> = OnceLock::new();
    ALLOWED.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let cores = field(&status, "Cpus_allowed_list:")
            .map(read_list)
            .unwrap_or_default();
        if cores.is_empty() { vec![0] } else { cores }
    })
}

/// `0-2,5` is 0, 1, 2 and 5.
fn read_list(text: &str) -> Vec<usize> {
    let ranges = text.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?)
    });
    ranges.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name() {
        let text = "MemTotal:       24681964 kB\nMemFree: 1 kB\n";
        assert_eq!(field(text, "MemTotal:"), Some("24681964 kB"));
        assert_eq!(field(text, "Swap:"), None);
    }

    #[test]
    fn a_list_of_cores_has_ranges_and_single_ones() {
        assert_eq!(read_list("0-2,5"), [0, 1, 2, 5]);
        assert_eq!(read_list("3"), [3]);
        assert!(read_list("").is_empty());
    }

    #[test]
    fn nothing_is_without_a_core() {
        for cores in [Cores::Measured, Cores::Others, Cores::All] {
            assert!(!read_list(&cores.list()).is_empty(), "{cores:?}");
        }
    }
}
