//! Programs of the tests, as processes of their own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use kit_db::DbTarget;

use crate::broker::TestBroker;
use crate::fixture::BusFixture;

/// A process that listens or relays; killed at the end of the test at the latest.
pub struct Program(Child);

/// What cargo builds from `examples` beside this test.
fn path(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    profile.join("examples").join(name)
}

fn target_argument(target: &DbTarget) -> String {
    match target {
        DbTarget::Sqlite { file } => format!("sqlite:{}", file.display()),
        DbTarget::Postgres { url, schema } => format!("{schema}@{}", url.expose()),
    }
}

impl Program {
    /// Starts the broker's program in a role, `consume` or `relay`, and waits until it is at work. It does the
    /// action, `abort` or `stop`, when it passes the failpoint so often; nothing for `none`.
    pub fn start<B: TestBroker>(
        role: &str,
        fixture: &BusFixture<B>,
        (fault, action, hit): (&str, &str, u32),
    ) -> Self {
        let mut child = Command::new(path(B::PROGRAM))
            .arg(role)
            .arg(target_argument(&fixture.producer.target()))
            .arg(target_argument(&fixture.consumer.target()))
            .args([fault, action, &hit.to_string()])
            .arg(fixture.broker.address())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        Self(child)
    }

    /// Whether it has ended, however it did.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Whether it stands still.
    pub fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // The state stands behind the name, which is in parentheses.
        stat.rsplit_once(") ").unwrap().1.starts_with('T')
    }

    /// Lets it go on after it stood still.
    pub fn go_on(&self) {
        let pid = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-CONT", &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
