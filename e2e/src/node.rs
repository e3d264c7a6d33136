//! One process of the real binary.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::Client;
use crate::setup::Setup;
use crate::waiting::{eventually, within};

/// Longer than the hard stop of a process.
const END_LIMIT: Duration = Duration::from_secs(40);
const SHOWN_LINES: usize = 60;
const GREETING: &str = " is up.\n";

static STARTS: AtomicU32 = AtomicU32::new(0);

/// A process. Killed when it goes out of scope; where the story failed, its log is shown.
pub struct Node {
    setup: Setup,
    child: Child,
    ended: Option<ExitStatus>,
    output: Output,
}

struct Output {
    stdout: PathBuf,
    stderr: PathBuf,
}

#[expect(clippy::expect_used, reason = "a story without its process cannot go on")]
impl Node {
    pub(crate) fn spawn(setup: Setup) -> Self {
        let number = STARTS.fetch_add(1, Ordering::Relaxed);
        let path = |kind: &str| setup.folder().join(format!("{kind}.{number}.log"));
        let output = Output {
            stdout: path("stdout"),
            stderr: path("stderr"),
        };
        let file = |path: &PathBuf| File::create(path).expect("a log file");
        let mut command = setup.process(file(&output.stdout), file(&output.stderr));
        let child = command.spawn().expect("the binary starts");
        Self {
            setup,
            child,
            ended: None,
            output,
        }
    }

    /// Waits until the process says that it is ready, to who asks and in its log, where it greets last of all.
    ///
    /// # Panics
    /// When it ends, or does not become ready.
    #[track_caller]
    pub fn wait_ready(&self) {
        let has_greeted = || self.log().contains(GREETING);
        eventually("the process is ready", || {
            (self.is_ready() && has_greeted()).then_some(())
        });
    }

    /// Whether it is ready.
    ///
    /// # Panics
    /// When it ended.
    #[track_caller]
    pub fn is_ready(&self) -> bool {
        assert!(self.is_alive(), "the process ended: {}", self.log());
        let asked = self.face().try_send("GET", "/readyz", None);
        asked.is_ok_and(|reply| reply.status.as_u16() == 200)
    }

    /// Whether it runs.
    pub fn is_alive(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero()));
        // Ended and not yet waited for, it is still listed, as `Z`.
        let state = state_of(&stat.unwrap_or_default());
        self.ended.is_none() && state.is_some_and(|state| state != 'Z')
    }

    /// A client of the gateway, or of the one service.
    #[must_use]
    pub fn face(&self) -> Client {
        self.client(self.setup.face())
    }

    /// A client of a listener by name.
    #[must_use]
    pub fn client(&self, name: &str) -> Client {
        Client::new(self.setup.address(name))
    }

    /// How it was started.
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Its number.
    ///
    /// # Panics
    /// Never.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.output.stderr).unwrap_or_default()
    }

    /// What it answered so far.
    pub fn stdout(&self) -> String {
        fs::read_to_string(&self.output.stdout).unwrap_or_default()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process is there");
    }

    /// Holds it up, all of it: it keeps its connections and answers nothing.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
        let tasks = PathBuf::from(format!("/proc/{}/task", self.pid().as_raw_nonzero()));
        let stopped = |task: &fs::DirEntry| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            state_of(&stat) == Some('T')
        };
        // Its threads stop each by itself, a moment after the signal was sent.
        eventually("it stands still", || {
            let threads = fs::read_dir(&tasks).ok()?;
            threads.flatten().all(|task| stopped(&task)).then_some(())
        });
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let ended = within(END_LIMIT, || child.try_wait().expect("a child"));
        let status = ended.expect("the process ends");
        self.ended = Some(status);
        status
    }

    /// Asks it to end, as an operator does, and waits.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    /// Starts it again as it was started, and waits until it is ready.
    pub fn start_again(&mut self) {
        *self = self.setup.start();
    }

    /// The sum of what it measures under a name, such as `stoa_redis_calls_total`, of all samples that have these
    /// labels, such as `outcome="answered"`; 0 where there is none.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let metrics = self.client("admin").get("/metrics");
        let text = String::from_utf8_lossy(&metrics.body);
        let samples = text.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let is_asked_for =
                series.split('{').next() == Some(name) && labels.iter().all(|label| series.contains(label));
            is_asked_for.then(|| value.parse::<f64>().ok()).flatten()
        });
        samples.sum()
    }

    /// Memory that the process alone has, in bytes: resident pages that are no part of a file. Those of the program's own
    /// file are shared, and how many there are depends on how it was built.
    ///
    /// # Panics
    /// When the system does not tell.
    pub fn own_memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.pid().as_raw_nonzero());
        let text = fs::read_to_string(path).expect("the process is there");
        let kib = text
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse::<u64>().ok())
            .expect("a number of KiB")
            * 1024
    }

    #[expect(
        clippy::print_stderr,
        reason = "the test harness shows it where the story failed"
    )]
    fn show_log(&self) {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let shown = lines
            .get(lines.len().saturating_sub(SHOWN_LINES)..)
            .unwrap_or(&[]);
        eprintln!("--- the last lines of {}:", self.output.stderr.display());
        for line in shown {
            eprintln!("{line}");
        }
    }
}

/// What the system says a process or a thread is doing; the name before it may hold anything.
fn state_of(stat: &str) -> Option<char> {
    stat.rsplit_once(") ")?.1.chars().next()
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_log();
        }
        if self.ended.is_none() {
            // Gone already is as good.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
