//! Processes that end or stand still at any point, for real.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kit_db::{DbTarget, Dialect};

use crate::world::{World, assert_in_order, settings};

/// Where a process can end itself.
const FAULTS: [&str; 5] = [
    "bus::after-read",
    "bus::before-handler",
    "bus::after-effect-before-position",
    "bus::before-commit",
    "bus::after-effect-before-answer",
];

/// The program that cargo builds from `examples/consume.rs` beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    profile.join("examples/consume")
}

fn place(target: &DbTarget) -> String {
    match target {
        DbTarget::Sqlite { file } => format!("sqlite:{}", file.display()),
        DbTarget::Postgres { url, schema } => format!("{schema}@{}", url.expose()),
    }
}

/// A process of its own that listens; killed at the end of the test at the latest.
struct Consumer(Child);

impl Consumer {
    fn start(world: &World, fault: &str, action: &str, hit: u32) -> Self {
        let mut child = Command::new(program())
            .arg(place(&world.producer.target()))
            .arg(place(&world.consumer.target()))
            .args([fault, action, &hit.to_string()])
            .arg(world.broker())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        Self(child)
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // The state stands behind the name, which is in parentheses.
        stat.rsplit_once(") ").unwrap().1.starts_with('T')
    }

    fn go_on(&self) {
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

impl Drop for Consumer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn crashes_at_each_point(dialect: Dialect) {
    let world = World::new(dialect).await;
    let mut counted = 0;
    for (round, fault) in FAULTS.iter().enumerate() {
        for number in 0..60 {
            world.count(&format!("key-{}", number % 7)).await;
        }
        counted += 60;
        let hit = u32::try_from(round).unwrap() % 3 + 1;
        let mut crashing = Consumer::start(&world, fault, "abort", hit);
        let crashing = tokio::sync::Mutex::new(&mut crashing);
        world
            .until("it crashes", async || crashing.lock().await.has_ended())
            .await;
        let process = world.process().await;
        process.keep_ledger(&world);
        assert_in_order(&world.until_effects(&process, counted).await);
        process.crash().await;
    }
    world.remove().await;
}

#[tokio::test]
async fn a_crash_at_any_point_loses_and_doubles_nothing_on_sqlite() {
    crashes_at_each_point(Dialect::Sqlite).await;
}

#[tokio::test]
async fn a_crash_at_any_point_loses_and_doubles_nothing_on_postgres() {
    crashes_at_each_point(Dialect::Postgres).await;
}

async fn killed_again_and_again(dialect: Dialect) {
    let world = World::new(dialect).await;
    let mut counted = 0;
    for round in 0..4_u32 {
        let consumer = Consumer::start(&world, "none", "none", 0);
        // Killed with the drop, in the middle of what it then does.
        for number in 0..(10 + round * 7) {
            world.count(&format!("key-{}", number % 5)).await;
            counted += 1;
        }
        drop(consumer);
    }
    let process = world.process().await;
    process.keep_ledger(&world);
    assert_in_order(&world.until_effects(&process, counted).await);
    process.crash().await;
    world.remove().await;
}

#[tokio::test]
async fn kills_lose_and_double_nothing_on_sqlite() {
    killed_again_and_again(Dialect::Sqlite).await;
}

#[tokio::test]
async fn kills_lose_and_double_nothing_on_postgres() {
    killed_again_and_again(Dialect::Postgres).await;
}

/// A process stands still in the middle of its work for longer than its lease, another takes over, and the first
/// goes on as if nothing had been.
async fn paused_past_its_lease(fault: &str) {
    let world = World::new(Dialect::Postgres).await;
    for number in 0..60 {
        world.count(&format!("key-{}", number % 7)).await;
    }
    let paused = Consumer::start(&world, fault, "stop", 3);
    world.until("it stands still", async || paused.is_stopped()).await;
    let begun = std::time::Instant::now();
    let mut quick = settings();
    quick.lease = Duration::from_secs(2);
    let process = world.process_with(quick, Duration::from_secs(1)).await;
    process.keep_ledger(&world);
    assert_in_order(&world.until_effects(&process, 60).await);
    assert!(begun.elapsed() < Duration::from_secs(30));
    paused.go_on();
    for number in 0..60 {
        world.count(&format!("key-{}", number % 7)).await;
    }
    let effects = world.until_effects(&process, 120).await;
    assert_in_order(&effects);
    world.until_passed(&process).await;
    assert_eq!(world.effects(&process).await.len(), 120);
    drop(paused);
    process.crash().await;
    world.remove().await;
}

#[tokio::test]
async fn a_process_that_was_paused_before_its_effects_doubles_nothing() {
    paused_past_its_lease("bus::before-handler").await;
}

#[tokio::test]
async fn a_process_that_was_paused_within_a_transaction_doubles_nothing() {
    paused_past_its_lease("bus::before-commit").await;
}

#[tokio::test]
async fn a_process_that_was_paused_after_its_commit_doubles_nothing() {
    paused_past_its_lease("bus::after-effect-before-answer").await;
}
