//! Kafka for tests: the server that `cargo xtask backends up` starts, and servers of a test's own that it may kill
//! or stop.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::db::target_folder;
use crate::redis::free_port;
use crate::waiting::eventually;

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
    KafkaServer::of_url(&left("url"))
}

/// A program of Kafka's own, with its first arguments: `topics`, `console-consumer` or `console-producer`.
///
/// # Panics
/// When there is no such program.
#[expect(clippy::expect_used, reason = "a test without a program cannot go on")]
#[must_use]
pub fn kafka_tool(name: &str) -> Vec<String> {
    let launch: Value = serde_json::from_str(&left("launch")).expect("JSON");
    texts(&launch["tools"][name])
}

/// The file by which Kafka's own programs sign in at the test server.
#[must_use]
pub fn kafka_client_properties() -> String {
    let file = target_folder().join("backends/kafka/client.properties");
    file.display().to_string()
}

#[expect(clippy::panic, reason = "a test without a server fails, and says what to do")]
fn left(name: &str) -> String {
    let file = target_folder().join("backends/kafka").join(name);
    match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => panic!(
            "no Kafka for tests: run `cargo xtask backends up` (`{}`: {error})",
            file.display()
        ),
    }
}

/// A Kafka of the test's own, which it may kill, start again with its data, stop and let go on. Ends with the
/// test.
#[derive(Debug)]
pub struct PrivateKafka {
    port: u16,
    launch: Value,
    filling: BTreeMap<String, String>,
    child: Option<Child>,
    // After the child, which writes to it.
    folder: TempDir,
}

#[expect(
    clippy::expect_used,
    reason = "a test whose server does not do as told cannot go on"
)]
impl PrivateKafka {
    /// Makes one that does not run yet. Clients that have come to it are told to come to `advertised` instead,
    /// a port of this machine, where there is one.
    ///
    /// # Panics
    /// When `cargo xtask backends up` has not left how to.
    pub async fn prepare(advertised: Option<u16>) -> Self {
        let launch: Value = serde_json::from_str(&left("launch")).expect("JSON");
        let folder = TempDir::new().expect("a temporary folder");
        let mut filling = BTreeMap::from([
            ("{folder}".to_owned(), folder.path().display().to_string()),
            ("{password}".to_owned(), "00ff".repeat(8)),
        ]);
        for name in launch["ports"].as_object().expect("ports").keys() {
            filling.insert(format!("{{port:{name}}}"), free_port().to_string());
        }
        let port = filling["{port:kafka}"].parse().expect("a port");
        let kafka = Self {
            port,
            launch,
            filling,
            child: None,
            folder,
        };
        for (name, content) in kafka.launch["files"].as_object().expect("files") {
            let mut content = content.as_str().expect("a text").to_owned();
            if let Some(advertised) = advertised {
                let ours = "advertised.listeners=CLIENT://127.0.0.1:";
                content = content.replace(&format!("{ours}{{port:kafka}}"), &format!("{ours}{advertised}"));
            }
            let file = kafka.folder.path().join(name);
            std::fs::write(file, kafka.fill(&content)).expect("a file");
        }
        for command in kafka.launch["setup"].as_array().expect("commands") {
            let done = kafka.command(command).output().await.expect("it runs");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        kafka
    }

    /// Where it is, also while it is not.
    #[must_use]
    pub fn server(&self) -> KafkaServer {
        let url = self.launch["published"]["url"].as_str();
        KafkaServer::of_url(&self.fill(url.unwrap_or_default()))
    }

    /// Starts it, with the data that it had.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(&mut self) {
        let program = &self.launch["programs"][0];
        let mut command = self.command(&program["command"]);
        let child = command.stderr(Stdio::null()).kill_on_drop(true).spawn();
        self.child = Some(child.expect("it starts"));
        eventually("Kafka takes connections", async || {
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

    fn command(&self, words: &Value) -> Command {
        let words = texts(words);
        let mut command = Command::new(self.fill(&words[0]));
        command
            .args(words[1..].iter().map(|word| self.fill(word)))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    fn fill(&self, template: &str) -> String {
        let mut text = template.to_owned();
        for (place, value) in &self.filling {
            text = text.replace(place, value);
        }
        text
    }
}

fn texts(words: &Value) -> Vec<String> {
    let words = words.as_array().map(Vec::as_slice).unwrap_or_default();
    words
        .iter()
        .map(|word| word.as_str().unwrap_or_default().to_owned())
        .collect()
}
