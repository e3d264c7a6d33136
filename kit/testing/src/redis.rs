//! Redis for tests: the server that `cargo xtask backends up` starts, servers of a test's own that it may kill
//! or stop, and one that never says a word.

use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::db::target_folder;
use crate::waiting::eventually;

/// The test server's URL, as `cargo xtask backends up` left it. Everybody shares it: a test takes key names of
/// its own.
///
/// # Panics
/// When there is none.
#[expect(clippy::panic, reason = "a test without a server fails, and says what to do")]
#[must_use]
pub fn redis_url() -> String {
    let file = target_folder().join("backends/redis/url");
    match std::fs::read_to_string(&file) {
        Ok(url) => url.trim().to_owned(),
        Err(error) => panic!(
            "no Redis for tests: run `cargo xtask backends up` (`{}`: {error})",
            file.display()
        ),
    }
}

/// A Redis of the test's own, which it may kill, start again, stop and let go on. Ends with the test.
#[derive(Debug)]
pub struct PrivateRedis {
    port: u16,
    child: Option<Child>,
    folder: TempDir,
}

#[expect(
    clippy::expect_used,
    reason = "a test whose server does not do as told cannot go on"
)]
impl PrivateRedis {
    /// Starts one, and returns once it takes connections.
    ///
    /// # Panics
    /// When there is no `redis-server`.
    pub async fn start() -> Self {
        let mut redis = Self {
            port: free_port(),
            child: None,
            folder: TempDir::new().expect("a temporary folder"),
        };
        redis.start_again().await;
        redis
    }

    /// Where it is, also while it is not.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Starts it at the same place, empty.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        let port = self.port.to_string();
        let options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let child = Command::new("redis-server")
            .args(["--port", &port, "--dir"])
            .arg(self.folder.path())
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        self.child =
            Some(child.expect("`redis-server` starts: install it with `cargo xtask backends up redis`"));
        eventually("redis takes connections", async || {
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

    /// It keeps its connections, takes new ones, and answers nobody.
    pub fn stop(&self) {
        self.send(Signal::STOP);
    }

    /// It goes on where it stopped.
    pub fn go_on(&self) {
        self.send(Signal::CONT);
    }

    fn send(&self, signal: Signal) {
        let id = self.child.as_ref().and_then(Child::id).expect("it runs");
        let id = i32::try_from(id).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process id"), signal).expect("it takes the signal");
    }
}

/// Somebody who takes connections and never answers.
#[derive(Debug)]
pub struct SilentServer {
    // The kernel accepts what the listener does not: a connection is open, and nobody is there.
    listener: TcpListener,
}

#[expect(clippy::expect_used, reason = "a test without a socket cannot go on")]
impl SilentServer {
    /// Begins to say nothing.
    ///
    /// # Panics
    /// Without a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self {
            listener: listener.expect("a port"),
        }
    }

    /// Its address as if it were a Redis.
    ///
    /// # Panics
    /// Never while it lives.
    #[must_use]
    pub fn url(&self) -> String {
        let address = self.listener.local_addr().expect("an address");
        format!("redis://{address}/0")
    }
}

#[expect(clippy::expect_used, reason = "a test without a port cannot go on")]
pub(crate) fn free_port() -> u16 {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}
