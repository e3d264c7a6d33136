//! A broker or a Redis of a story's own, which it may kill, start again with its data, stop and let go on.
//!
//! It is made of what `cargo xtask backends up` left in `<target>/backends/<name>/launch`: the files, the programs
//! and the order of their start, with places for a folder, a password and ports. The ports are this crate's own
//! ([`free_address`]), so that nobody else sits there while the server is away.

use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::time::Duration;

use kit_testing::Launch;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::ports::free_address;
use crate::waiting::within;

/// Seconds on a machine at rest. On a busy one, a RabbitMQ takes its time.
const START_LIMIT: Duration = Duration::from_mins(3);

/// A server. Ends with the story.
pub struct Server {
    /// What the server needs beside it, and the server itself as the last.
    children: Vec<Child>,
    // Its folder is after the children, which write to it.
    launch: Launch,
}

#[expect(clippy::expect_used, reason = "a story without its server cannot go on")]
impl Server {
    /// Makes one that does not run yet: `kafka`, `rabbitmq` or `redis`.
    ///
    /// # Panics
    /// When `cargo xtask backends up` has not left how to.
    #[must_use]
    pub fn prepare(name: &str) -> Self {
        Self {
            children: Vec::new(),
            launch: Launch::prepare(name, || free_address().port(), str::to_owned),
        }
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
        self.launch.url()
    }

    /// Starts it, with the data that it had.
    ///
    /// # Panics
    /// When it takes no connections.
    pub fn start_again(&mut self) {
        for program in self.children.len()..self.launch.programs() {
            let child = self.launch.command(program).process_group(0).spawn();
            self.children.push(child.expect("it starts"));
            let address = (Ipv4Addr::LOCALHOST, self.launch.port(program));
            let begun = within(START_LIMIT, || TcpStream::connect(address).ok());
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
