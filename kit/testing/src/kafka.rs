//! Kafka for tests: the server that `cargo xtask backends up` starts, and servers of a test's own that it may kill
//! or stop.

use std::ops::{Deref, DerefMut};

use crate::backend::{Launch, backend};
use crate::server_process::{ServerProcess, free_port};

const NAME: &str = "kafka";

/// In its configuration: where it tells clients to come.
const ADVERTISED: &str = "advertised.listeners=CLIENT://127.0.0.1:";

/// Where a Kafka is, and how to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaServer {
    /// `host:port`.
    pub address: String,
    /// Who signs in, by SASL PLAIN.
    pub user: String,
    /// And how.
    pub password: String,
}

impl KafkaServer {
    /// From `kafka://user:password@host:port`.
    ///
    /// # Panics
    /// When it is not of this form.
    #[expect(clippy::expect_used, reason = "a test without a server cannot go on")]
    #[must_use]
    pub fn of_url(url: &str) -> Self {
        let rest = url.trim().strip_prefix("kafka://");
        let (account, address) = rest.and_then(|rest| rest.rsplit_once('@')).expect("an account");
        let (user, password) = account.split_once(':').expect("a password");
        Self {
            address: address.to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }
}

/// The test server, as `cargo xtask backends up` left it. Everybody shares it: a test takes topic names of its own.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn kafka_server() -> KafkaServer {
    KafkaServer::of_url(&backend(NAME, "url"))
}

/// A Kafka of the test's own, which it may kill, start again with its data, stop and let go on. Ends with the
/// test.
#[derive(Debug)]
pub struct PrivateKafka {
    server_process: ServerProcess,
    // After the process, which writes to its folder.
    launch: Launch,
}

impl PrivateKafka {
    /// Makes one that does not run yet. Clients that have come to it are told to come to `advertised` instead,
    /// a port of this machine, where there is one.
    ///
    /// # Panics
    /// When `cargo xtask backends up` has not left how to.
    #[must_use]
    pub fn prepare(advertised: Option<u16>) -> Self {
        let launch = Launch::prepare(NAME, free_port, |text| match advertised {
            Some(port) => text.replace(
                &format!("{ADVERTISED}{{port:kafka}}"),
                &format!("{ADVERTISED}{port}"),
            ),
            None => text.to_owned(),
        });
        Self {
            server_process: ServerProcess::at(launch.port(0)),
            launch,
        }
    }

    /// Where it is, also while it is not.
    #[must_use]
    pub fn server(&self) -> KafkaServer {
        KafkaServer::of_url(&self.launch.url())
    }

    /// Starts it, with the data that it had.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(&mut self) {
        self.server_process.start(self.launch.command(0).into()).await;
    }
}

impl Deref for PrivateKafka {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.server_process
    }
}

impl DerefMut for PrivateKafka {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.server_process
    }
}
