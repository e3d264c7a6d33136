//! Redis for tests: the server that `cargo xtask backends up` starts, servers of a test's own that it may kill
//! or stop, and one that never says a word.

use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::backend::backend;
use crate::server_process::{ServerProcess, free_port};

/// The test server's URL, as `cargo xtask backends up` left it. Everybody shares it: a test takes key names of
/// its own.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn redis_url() -> String {
    backend("redis", "url")
}

/// A Redis of the test's own, which it may kill, start again, stop and let go on. Ends with the test.
#[derive(Debug)]
pub struct PrivateRedis {
    server_process: ServerProcess,
    // After the process, which writes to it.
    folder: TempDir,
}

#[expect(clippy::expect_used, reason = "a test without a folder cannot go on")]
impl PrivateRedis {
    /// Starts one, and returns once it takes connections.
    ///
    /// # Panics
    /// When there is no `redis-server`.
    pub async fn start() -> Self {
        let mut redis = Self {
            server_process: ServerProcess::at(free_port()),
            folder: TempDir::new().expect("a temporary folder"),
        };
        redis.start_again().await;
        redis
    }

    /// Where it is, also while it is not.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.server_process.port())
    }

    /// Starts it at the same place, empty.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        let port = self.server_process.port().to_string();
        let options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port, "--dir"])
            .arg(self.folder.path())
            .args(options);
        self.server_process.start(command).await;
    }
}

impl Deref for PrivateRedis {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.server_process
    }
}

impl DerefMut for PrivateRedis {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.server_process
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
