//! A broker or a Redis of a story's own, which it may kill, start again with its data, stop and let go on.
//!
//! It is made of what `cargo xtask backends up` left in `<target>/backends/<name>/launch`: the files, the programs
//! and the order of their start, with places for a folder, a password and ports. The ports are this crate's own
//! ([`free_address`]), so that nobody else sits there while the server is away.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use crate::place;
use crate::ports::free_address;
use crate::waiting::within;

/// Seconds on a machine at rest. On a busy one, a RabbitMQ takes its time.
const START_LIMIT: Duration = Duration::from_mins(3);

/// A server. Ends with the story.
pub struct Server {
    launch: Value,
    filling: BTreeMap<String, String>,
    /// What the server needs beside it, and the server itself as the last.
    children: Vec<Child>,
    // After the children, which write to it.
    folder: TempDir,
}

#[expect(clippy::expect_used, reason = "a story without its server cannot go on")]
impl Server {
    /// Makes one that does not run yet: `kafka`, `rabbitmq` or `redis`.
    ///
    /// # Panics
    /// When `cargo xtask backends up` has not left how to.
    #[must_use]
    pub fn prepare(name: &str) -> Self {
        let launch = place::backend(name, "launch");
        let launch: Value = serde_json::from_str(&launch).expect("JSON");
        let folder = TempDir::with_prefix(format!("stoa-{name}-")).expect("a temporary folder");
        let mut filling = BTreeMap::from([
            ("{folder}".to_owned(), folder.path().display().to_string()),
            ("{password}".to_owned(), "00ff".repeat(8)),
        ]);
        for port in launch["ports"].as_object().expect("ports").keys() {
            let free = free_address().port().to_string();
            filling.insert(format!("{{port:{port}}}"), free);
        }
        let server = Self {
            launch,
            filling,
            children: Vec::new(),
            folder,
        };
        for (name, content) in server.launch["files"].as_object().expect("files") {
            let content = server.fill(content.as_str().expect("a text"));
            let file = server.folder.path().join(name);
            std::fs::write(&file, content).expect("a file");
            // There are passwords in it, and some refuse what others may read.
            std::fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("a file of one's own");
        }
        for words in server.launch["setup"].as_array().expect("commands") {
            let done = server.command(words).output().expect("it runs");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        server
    }

    /// Makes one and starts it.
    #[must_use]
    pub fn start(name: &str) -> Self {
        let mut server = Self::prepare(name);
        server.start_again();
        server
    }

    /// Where it is, also while it is not.
    ///
    /// # Panics
    /// When nobody has said where such a server is.
    #[must_use]
    pub fn url(&self) -> String {
        self.fill(self.launch["published"]["url"].as_str().expect("a URL"))
    }

    /// Starts it, with the data that it had.
    ///
    /// # Panics
    /// When it takes no connections.
    pub fn start_again(&mut self) {
        let programs = self.launch["programs"].as_array().expect("programs").clone();
        for program in programs.iter().skip(self.children.len()) {
            let mut command = self.command(&program["command"]);
            for (name, value) in program["env"].as_object().expect("variables") {
                command.env(name, self.fill(value.as_str().expect("a text")));
            }
            let child = command.stderr(Stdio::null()).process_group(0).spawn();
            self.children.push(child.expect("it starts"));
            let port = program["port"].as_str().expect("a port");
            let address = format!("127.0.0.1:{}", self.filling[&format!("{{port:{port}}}")]);
            let begun = within(START_LIMIT, || TcpStream::connect(&address).ok());
            begun.expect("it takes connections");
        }
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        let mut child = self.children.pop().expect("it runs");
        end(&mut child);
    }

    /// It keeps its connections, takes new ones, and answers nobody.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on where it stopped.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.children.last().expect("it runs");
        kill_process_group(Pid::from_child(child), signal).expect("it takes the signal");
    }

    fn command(&self, words: &Value) -> Command {
        let mut words = words.as_array().expect("words").iter();
        let mut word = || words.next().and_then(Value::as_str).map(|word| self.fill(word));
        let mut command = Command::new(word().expect("a program"));
        while let Some(argument) = word() {
            command.arg(argument);
        }
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    fn fill(&self, template: &str) -> String {
        let filling = self.filling.iter();
        filling.fold(template.to_owned(), |text, (place, value)| {
            text.replace(place, value)
        })
    }
}

/// Ends a program with everything it started.
fn end(child: &mut Child) {
    // Gone already is as good.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

impl Drop for Server {
    fn drop(&mut self) {
        self.children.iter_mut().rev().for_each(end);
    }
}
