//! A server's process, which a test may kill, stop and let go on. Ends with the test.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::waiting::eventually;

/// What a test may do to a server of its own.
#[derive(Debug)]
pub struct ServerProcess {
    port: u16,
    child: Option<Child>,
}

#[expect(
    clippy::expect_used,
    reason = "a test whose server does not do as told cannot go on"
)]
impl ServerProcess {
    /// Of a server that will take connections at a port, and does not run yet.
    pub(crate) const fn at(port: u16) -> Self {
        Self { port, child: None }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Starts it, and returns once it takes connections.
    pub(crate) async fn start(&mut self, mut command: Command) {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        self.child = Some(child.expect("it starts: `cargo xtask backends up` installs what is missing"));
        eventually("the server takes connections", async || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.ok()
        })
        .await;
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().await.expect("it can be killed");
    }

    /// `kill -STOP`: it keeps its connections, takes new ones, and answers nobody. Returns once it stands still.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&self) {
        self.send(Signal::STOP);
        // Its threads stop each by itself, a moment after the signal.
        let threads = format!("/proc/{}/task", self.id().as_raw_nonzero());
        let is_running = || {
            let mut threads = std::fs::read_dir(&threads).expect("it runs").flatten();
            threads.any(|thread| !stands_still(&thread.path()))
        };
        while is_running() {
            std::thread::yield_now();
        }
    }

    /// It goes on where it stopped.
    ///
    /// # Panics
    /// When it does not run.
    pub fn go_on(&self) {
        self.send(Signal::CONT);
    }

    fn send(&self, signal: Signal) {
        kill_process(self.id(), signal).expect("it takes the signal");
    }

    fn id(&self) -> Pid {
        let id = self.child.as_ref().and_then(Child::id).expect("it runs");
        let id = i32::try_from(id).ok().and_then(Pid::from_raw);
        id.expect("a process id")
    }
}

/// Whether a thread is stopped, or gone.
fn stands_still(thread: &Path) -> bool {
    let stat = std::fs::read_to_string(thread.join("stat")).unwrap_or_default();
    // The name before it may hold anything.
    stat.rsplit_once(") ")
        .is_none_or(|(_, state)| state.starts_with('T'))
}

#[expect(clippy::expect_used, reason = "a test without a port cannot go on")]
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}
