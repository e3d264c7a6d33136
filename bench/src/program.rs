//! Processes under test: started from a recipe as often as needed, killed when dropped.
//!
//! A process sees nothing of the caller's environment, so that a setting of whoever runs this does not become
//! part of a figure. Its stderr goes to a file, as a service's log does.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::call;
use crate::folders::need_program;
use crate::machine::{Cores, field, process_seconds};

/// Longer than anything takes under callgrind.
const PATIENCE: Duration = Duration::from_mins(1);

/// How to start a process.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) binary: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) settings: Vec<(String, String)>,
    /// Its current folder, where its log goes too.
    pub(crate) folder: PathBuf,
    pub(crate) cores: Cores,
    pub(crate) ready: Ready,
}

/// What a process does as soon as it serves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ready {
    /// It answers a GET of this path with 200.
    Answers(SocketAddr, &'static str),
    /// It takes connections.
    Connects(SocketAddr),
}

impl Ready {
    fn is_reached(self) -> bool {
        match self {
            Self::Answers(address, path) => {
                call::get(address, path, None).is_ok_and(|(status, _)| status == 200)
            }
            Self::Connects(address) => TcpStream::connect(address).is_ok(),
        }
    }
}

/// What a process runs under.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Under<'a> {
    /// The bare system.
    Nothing,
    /// callgrind, which writes its counts to files of this name.
    Callgrind(&'a Path),
}

/// A process that serves.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: &'static str,
    /// From the start of the process to the first good answer.
    pub(crate) ready_after: Duration,
}

impl Program {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(&self, under: Under<'_>) -> anyhow::Result<Running> {
        let log = self.folder.join(format!("{}.log", self.name));
        let log = File::create(&log).with_context(|| format!("cannot make `{}`", log.display()))?;
        let mut command = self.command(under)?;
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin")
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let begin = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("`{}` cannot be started", self.name))?;
        let mut running = Running {
            child,
            name: self.name,
            ready_after: Duration::ZERO,
        };
        self.wait_until_ready(&mut running, begin)?;
        Ok(running)
    }

    fn command(&self, under: Under<'_>) -> anyhow::Result<Command> {
        let mut command = Command::new(need_program("taskset", "util-linux")?);
        command.args(["-c", &self.cores.list()]);
        if let Under::Callgrind(out) = under {
            command
                .arg(need_program("valgrind", "valgrind")?)
                .args(["--tool=callgrind", "--fair-sched=yes"])
                // Each part can be read alone, by `callgrind_annotate`.
                .args(["--compress-strings=no", "--compress-pos=no"])
                .arg(format!("--callgrind-out-file={}", out.display()));
        }
        command.arg(&self.binary).args(&self.args);
        Ok(command)
    }

    fn wait_until_ready(&self, running: &mut Running, begin: Instant) -> anyhow::Result<()> {
        loop {
            if self.ready.is_reached() {
                running.ready_after = begin.elapsed();
                return Ok(());
            }
            if let Some(status) = running.child.try_wait()? {
                bail!("`{}` ended with {status}: {}", self.name, self.last_words());
            }
            ensure!(
                begin.elapsed() < PATIENCE,
                "`{}` is not ready: {}",
                self.name,
                self.last_words()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn last_words(&self) -> String {
        let log = self.folder.join(format!("{}.log", self.name));
        let said = fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time of all its threads so far, in seconds. Threads that have ended are not in it; those of servers
    /// do not.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        process_seconds(self.pid())
    }

    /// Moves it, with all its threads.
    pub(crate) fn move_to(&self, cores: Cores) -> anyhow::Result<()> {
        let status = Command::new(need_program("taskset", "util-linux")?)
            .args(["-acp", &cores.list(), &self.pid().to_string()])
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "`{}` cannot be moved: {status}", self.name);
        Ok(())
    }

    /// A line of `/proc/<pid>/<file>` that counts KiB, in MiB.
    pub(crate) fn mebibytes(&self, file: &str, name: &str) -> anyhow::Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.pid()))?;
        let value = field(&text, name).with_context(|| format!("`{file}` has no `{name}`"))?;
        let kib: f64 = value.trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }

    /// Waits until what it does in the background after its start is over.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        self.settle_below(0.02)
    }

    /// Waits until it takes less than this share of a core.
    pub(crate) fn settle_below(&self, share: f64) -> anyhow::Result<()> {
        const LOOK: Duration = Duration::from_millis(400);
        let begin = Instant::now();
        let mut before = self.cpu_seconds()?;
        loop {
            thread::sleep(LOOK);
            let now = self.cpu_seconds()?;
            if now - before < share * LOOK.as_secs_f64() {
                return Ok(());
            }
            before = now;
            ensure!(
                begin.elapsed() < PATIENCE,
                "`{}` does not come to rest",
                self.name
            );
        }
    }

    /// Holds it: it keeps its connections, the system takes new ones for it, and it answers nobody.
    pub(crate) fn pause(&self) -> anyhow::Result<()> {
        self.signal("STOP")
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) -> anyhow::Result<()> {
        self.signal("CONT")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let status = Command::new("kill")
            .args(["-s", signal, &self.pid().to_string()])
            .status()?;
        ensure!(
            status.success(),
            "`{}` cannot be sent the signal {signal}",
            self.name
        );
        Ok(())
    }

    /// Asks it to end, as an operator would, and waits for that.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(begin.elapsed() < PATIENCE, "`{}` does not end", self.name);
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port of the loopback address. Somebody could take it before its use; then a start fails and says so.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}
