//! A process that listens: it writes down what each event counted, until it is killed. The tests kill it, pause
//! it, and let it end itself in the middle of things.
//!
//! `consume PRODUCER CONSUMER FAULT ACTION HIT BROKER`. It prints `ready` once it listens.
#![expect(
    clippy::unwrap_used,
    reason = "a program for tests ends at the first surprise"
)]
#![expect(clippy::print_stdout, reason = "it tells the test when it is ready")]

use std::time::Duration;

use kit_bus::Inbox;

#[path = "../tests/world/program.rs"]
mod program;
#[path = "../tests/world/mod.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod world;

use program::Arguments;
use world::{Counted, Process, Setup, Travel, note, settings};

/// What a world of the tests would do; this program is told.
const TRAVEL: Travel = Travel::Embedded;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::read();
    let mut quick = settings();
    quick.lease = Duration::from_secs(2);
    let setup = Setup {
        settings: quick,
        poll: Duration::from_millis(20),
        published: None,
        metrics: None,
        carriers: arguments.carriers.clone(),
    };
    arguments.arm();
    let process = Process::start(arguments.producer, arguments.consumer, setup).await;
    process.listen(|delivery: kit_bus::Delivery<Counted>, inbox: Inbox| note(delivery.payload, inbox));
    println!("ready");
    std::future::pending::<()>().await;
}
