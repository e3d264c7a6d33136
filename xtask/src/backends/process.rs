//! A process that we started: it outlives this program, and is never mistaken for another one.
//!
//! A process id alone is not enough: after its process has ended, the system gives it to the next. So what
//! is remembered is the id with the time at which the process began and the boot it began in, and a signal
//! goes through a descriptor that was opened before those were compared.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How long a server may take to end by itself.
const GRACE: Duration = Duration::from_secs(20);

/// How long the system may take to end a killed process.
const KILLED_WITHIN: Duration = Duration::from_secs(10);

/// One process, now or then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    id: i32,
    /// In the system's ticks since it booted.
    began: u64,
    boot: String,
}

impl Process {
    /// Starts a program in a session of its own, so that neither the end of this program nor a closed
    /// terminal ends it. What it prints is appended to the log.
    pub(super) fn start(
        command: &[String],
        env: &[(&str, String)],
        folder: &Path,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write `{}`", log.display()))?;
        let child = Command::new("setsid")
            .args(command)
            .envs(env.iter().map(|(name, value)| (*name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("`{}` cannot be started", command.join(" ")))?;
        Self::of(i32::try_from(child.id())?).with_context(|| format!("`{}` ended at once", command.join(" ")))
    }

    /// The process that has this id now.
    fn of(id: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The program's name, in parentheses, may hold anything, so the last parenthesis counts.
        let (_, after_name) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = after_name.split(' ').collect();
        // Nobody waits for ours in the program that started it, so there it stays as a zombie.
        let ended = matches!(*fields.first()?, "Z" | "X");
        let began = fields.get(19)?.parse().ok()?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        (!ended).then(|| Self {
            id,
            began,
            boot: boot.trim().to_owned(),
        })
    }

    /// Whether it still runs; a paused one does.
    pub(super) fn is_alive(&self) -> bool {
        Self::of(self.id).as_ref() == Some(self)
    }

    /// Ends it: politely, even where it is paused, and by force when it does not listen.
    pub(super) fn stop(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        self.signal(Signal::CONT)?;
        if self.ends_within(GRACE) {
            return Ok(());
        }
        self.signal(Signal::KILL)?;
        if !self.ends_within(KILLED_WITHIN) {
            bail!("process {} does not end, though it was killed", self.id);
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = Pid::from_raw(self.id).context("0 is no process")?;
        let Ok(descriptor) = pidfd_open(id, PidfdFlags::empty()) else {
            return Ok(());
        };
        // From here on the descriptor means one process, whatever becomes of its id.
        if !self.is_alive() {
            return Ok(());
        }
        match pidfd_send_signal(&descriptor, signal) {
            Err(rustix::io::Errno::SRCH) => Ok(()),
            sent => sent.with_context(|| format!("process {} takes no signal", self.id)),
        }
    }

    fn ends_within(&self, patience: Duration) -> bool {
        let begin = Instant::now();
        while self.is_alive() {
            if begin.elapsed() > patience {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

/// As [`FromStr`] reads it.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id, self.began, self.boot)
    }
}

impl FromStr for Process {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut words = text.split_whitespace();
        (|| {
            Some(Self {
                id: words.next()?.parse().ok()?,
                began: words.next()?.parse().ok()?,
                boot: words.next()?.to_owned(),
            })
        })()
        .context("not a process")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::launch::words;

    fn start(command: &[&str]) -> (Process, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let process = Process::start(&words(command), &[], folder.path(), &log).unwrap();
        (process, folder)
    }

    #[test]
    fn a_process_is_found_again_by_what_was_written() {
        let (process, _folder) = start(&["sleep", "60"]);
        let again: Process = process.to_string().parse().unwrap();
        assert_eq!(again, process);
        assert!(again.is_alive());
        again.stop().unwrap();
        assert!(!process.is_alive());
    }

    #[test]
    fn a_process_that_got_the_number_of_ours_is_left_alone() {
        let (other, _folder) = start(&["sleep", "60"]);
        let ours = Process {
            began: other.began - 1,
            ..other.clone()
        };
        let of_an_earlier_boot = Process {
            boot: "another".to_owned(),
            ..other.clone()
        };
        assert!(!ours.is_alive() && !of_an_earlier_boot.is_alive());
        ours.stop().unwrap();
        of_an_earlier_boot.stop().unwrap();
        assert!(other.is_alive());
        other.stop().unwrap();
    }

    #[test]
    fn a_paused_process_is_stopped() {
        let (process, _folder) = start(&["sleep", "60"]);
        process.signal(Signal::STOP).unwrap();
        assert!(process.is_alive());
        process.stop().unwrap();
        assert!(!process.is_alive());
    }

    #[test]
    fn stopping_what_has_ended_is_fine() {
        let (process, _folder) = start(&["sleep", "60"]);
        process.stop().unwrap();
        process.stop().unwrap();
    }
}
