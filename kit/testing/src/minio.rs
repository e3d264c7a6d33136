//! MinIO for tests, an object store that speaks S3: the server that `cargo xtask backends up` starts, and servers of a
//! test's own that it may kill or stop.

use std::ops::{Deref, DerefMut};

use crate::backend::{Launch, backend};
use crate::server_process::{ServerProcess, free_port};

const NAME: &str = "minio";

/// Where a MinIO is, and how to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinIoServer {
    /// `http://host:port`.
    pub endpoint: String,
    /// A bucket that is there.
    pub bucket: String,
    /// The identifier of a key that may do everything.
    pub key_id: String,
    /// And the key.
    pub secret: String,
}

impl MinIoServer {
    /// From `http://key:secret@host:port/bucket`.
    ///
    /// # Panics
    /// When it is not of this form.
    #[expect(clippy::expect_used, reason = "a test without a server cannot go on")]
    #[must_use]
    pub fn of_url(url: &str) -> Self {
        let rest = url.trim().strip_prefix("http://");
        let (account, rest) = rest.and_then(|rest| rest.rsplit_once('@')).expect("an account");
        let (key_id, secret) = account.split_once(':').expect("a key");
        let (address, bucket) = rest.split_once('/').expect("a bucket");
        Self {
            endpoint: format!("http://{address}"),
            bucket: bucket.to_owned(),
            key_id: key_id.to_owned(),
            secret: secret.to_owned(),
        }
    }
}

/// The test server, as `cargo xtask backends up` left it. Everybody shares it and its bucket: a test takes names of its
/// own.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn minio_server() -> MinIoServer {
    MinIoServer::of_url(&backend(NAME, "url"))
}

/// A MinIO of the test's own, with a bucket, which it may kill, start again with its data, stop and let go on. Ends
/// with the test.
#[derive(Debug)]
pub struct PrivateMinIo {
    server_process: ServerProcess,
    // After the process, which writes to its folder.
    launch: Launch,
}

impl PrivateMinIo {
    /// Starts one, and returns once it takes connections.
    ///
    /// # Panics
    /// When `cargo xtask backends up` has not left how to.
    pub async fn start() -> Self {
        let launch = Launch::prepare(NAME, free_port, str::to_owned);
        let mut minio = Self {
            server_process: ServerProcess::at(launch.port(0)),
            launch,
        };
        minio.start_again().await;
        minio
    }

    /// Where it is, also while it is not.
    #[must_use]
    pub fn server(&self) -> MinIoServer {
        MinIoServer::of_url(&self.launch.url())
    }

    /// Starts it at the same place, with the data that it had.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.server_process.start(self.launch.command(0).into()).await;
    }
}

impl Deref for PrivateMinIo {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.server_process
    }
}

impl DerefMut for PrivateMinIo {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.server_process
    }
}
