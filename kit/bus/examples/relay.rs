//! A process that relays, until it is killed. The tests kill it, pause it, and let it end itself in the middle of
//! things.
//!
//! `relay PRODUCER CONSUMER FAULT ACTION HIT BROKER`, as `consume` has it. It prints `ready` once it relays.
#![expect(
    clippy::unwrap_used,
    reason = "a program for tests ends at the first surprise"
)]
#![expect(clippy::print_stdout, reason = "it tells the test when it is ready")]

use std::time::Duration;

use kit_db::{Db, DbDeps, DbSettings};
use kit_runtime::{Clock, Ids, Lifecycle};

#[path = "../tests/world/program.rs"]
mod program;
#[path = "../tests/world/mod.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod world;

use program::Arguments;
use world::{MIGRATIONS, PRODUCER, Relaying, Setup, Travel, settings};

/// What a world of the tests would do; this program is told.
const TRAVEL: Travel = Travel::Embedded;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments = Arguments::read();
    let lifecycle = Lifecycle::new();
    let deps = DbDeps {
        tasks: lifecycle.tasks(),
        clock: Clock::system(),
        ids: Ids::system(),
        metrics: None,
    };
    let db = DbSettings::new(PRODUCER, arguments.producer.clone());
    let db = Db::open(db, &MIGRATIONS, &deps).await.unwrap();
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
    let _relaying = Relaying::start(db, arguments.producer, arguments.consumer, setup);
    println!("ready");
    std::future::pending::<()>().await;
}
