//! The story of a server, told with a small one: it says its password to whoever connects.

use std::io::Read as _;

use rustix::process::{Pid, Signal, kill_process};

use super::*;
use crate::backends::launch::words;

const PROGRAM: &str = "
import socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('127.0.0.1', int(sys.argv[1])))
server.listen()
while True:
    connection, _ = server.accept()
    connection.sendall(open(sys.argv[2]).read().encode())
    connection.close()
";

/// A server of one test, in a target folder of its own; stopped when the test ends, well or not.
struct Sample {
    /// Tests run side by side, so each looks for a free port elsewhere.
    first_port: u16,
    program: &'static str,
    target: tempfile::TempDir,
}

impl Sample {
    fn new(first_port: u16) -> Self {
        Self {
            first_port,
            program: PROGRAM,
            target: tempfile::tempdir().unwrap(),
        }
    }

    fn up(&self) -> anyhow::Result<Up> {
        up(self, self.target.path())
    }

    fn down(&self) -> Down {
        down(self, self.target.path()).unwrap()
    }

    fn status(&self) -> String {
        status(self, self.target.path()).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.target.path().join("backends/sample").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn kill(&self) {
        let started = self.read("started");
        let id = started.split(' ').next().unwrap().parse().unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
        let process: Process = started.parse().unwrap();
        let ended = wait_for(&[], PATIENCE, || {
            anyhow::ensure!(!process.is_alive());
            Ok(())
        });
        ended.unwrap();
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        // A test that failed already says more than this could.
        let _ = down(self, self.target.path());
    }
}

impl Server for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn account(&self) -> anyhow::Result<Account> {
        Ok(Account::Own)
    }

    fn find(&self) -> anyhow::Result<Option<Launch>> {
        Ok(Some(Launch {
            ports: vec![("sample", self.first_port)],
            files: vec![("secret", "{password}".to_owned())],
            setup: vec![words(&["touch", "{folder}/is-set-up"])],
            programs: vec![Program {
                command: words(&["python3", "-c", self.program, "{port:sample}", "{folder}/secret"]),
                env: Vec::new(),
                port: "sample",
            }],
            published: vec![(
                "url",
                "sample://stoa:{password}@127.0.0.1:{port:sample}".to_owned(),
            )],
            ..Launch::default()
        }))
    }

    fn install(&self) -> anyhow::Result<()> {
        bail!("there is nothing to install")
    }

    fn ask(&self, published: &Published) -> anyhow::Result<()> {
        let url = published.url("url")?;
        let mut said = String::new();
        wire::connect(&url.host, url.port)?.read_to_string(&mut said)?;
        anyhow::ensure!(said == url.password, "it does not know the password");
        Ok(())
    }
}

#[test]
fn a_server_is_started_once_then_found_and_stopped() {
    let sample = Sample::new(28100);
    assert_eq!(sample.status(), "down");
    assert_eq!(sample.up().unwrap(), Up::Started);
    assert!(sample.file("server/is-set-up").exists());
    assert!(
        sample.status().starts_with("up on 127.0.0.1:28"),
        "{}",
        sample.status()
    );
    let started = sample.read("started");
    assert_eq!(sample.up().unwrap(), Up::Adopted);
    assert_eq!(sample.read("started"), started);
    assert_eq!(sample.down(), Down::Stopped);
    assert_eq!(sample.status(), "down");
    assert!(!sample.file("url").exists() && !sample.file("server").exists());
    assert_eq!(sample.down(), Down::NotRunning);
}

#[test]
fn a_killed_server_is_noticed_and_started_again() {
    let sample = Sample::new(28130);
    sample.up().unwrap();
    let before = sample.read("url");
    sample.kill();
    assert!(sample.status().starts_with("down, though"), "{}", sample.status());
    assert_eq!(sample.up().unwrap(), Up::Started);
    assert_ne!(sample.read("url"), before, "a fresh start has a fresh password");
    assert!(sample.status().starts_with("up on"), "{}", sample.status());
}

#[test]
fn two_that_start_it_at_once_start_one() {
    let sample = Sample::new(28160);
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| sample.up().unwrap());
        let other = scope.spawn(|| sample.up().unwrap());
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_ne!(one, other, "one starts it, the other finds it");
    assert_eq!(sample.read("started").lines().count(), 1);
}

#[test]
fn what_an_interrupted_start_left_is_replaced() {
    let sample = Sample::new(28190);
    sample.up().unwrap();
    let left: Process = sample.read("started").parse().unwrap();
    fs::remove_file(sample.file("url")).unwrap();
    assert_eq!(sample.up().unwrap(), Up::Started);
    assert!(!left.is_alive());
}

#[test]
fn a_server_that_somebody_else_started_is_left_alone() {
    let sample = Sample::new(28220);
    sample.up().unwrap();
    let started = sample.read("started");
    fs::remove_file(sample.file("started")).unwrap();
    assert_eq!(sample.up().unwrap(), Up::Adopted);
    assert_eq!(sample.down(), Down::LeftAlone);
    assert!(sample.status().starts_with("up on"), "{}", sample.status());
    fs::write(sample.file("started"), started).unwrap();
    assert_eq!(sample.down(), Down::Stopped);
}

#[test]
fn a_process_that_got_the_number_of_a_dead_server_is_left_alone() {
    let sample = Sample::new(28250);
    sample.up().unwrap();
    let started = sample.read("started");
    sample.kill();
    // This test's own process stands for the other one.
    let (_, since) = started.split_once(' ').unwrap();
    fs::write(sample.file("started"), format!("{} {since}", std::process::id())).unwrap();
    assert_eq!(sample.down(), Down::NotRunning);
}

#[test]
fn a_server_that_does_not_start_is_quoted_and_leaves_no_address() {
    let mut sample = Sample::new(28280);
    sample.program = "print('the moon is in the wrong house')";
    let error = format!("{:#}", sample.up().unwrap_err());
    assert!(error.contains("the moon is in the wrong house"), "{error}");
    assert!(!sample.file("url").exists());
    assert_eq!(sample.down(), Down::NotRunning);
}
