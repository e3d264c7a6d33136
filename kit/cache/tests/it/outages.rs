//! Redis goes away, or falls silent: everything is answered all the same, and nothing older than before.

use std::time::Duration;

use futures::future::join_all;
use kit_cache::Change;
use kit_runtime::Clock;
use kit_testing::{PrivateRedis, SilentServer, eventually};
use tokio::time::timeout;

use crate::peers::{Installation, Process};

const LIMIT: Duration = Duration::from_millis(50);
/// Far more than anything here takes.
const LONG: Duration = Duration::from_mins(1);

fn at(url: &str) -> Installation {
    Installation::at(url, LIMIT)
}

/// Everything that a cache can be asked for, of this version.
async fn use_it(process: &Process, name: &str, version: i64) {
    let names: Vec<String> = (0..20).map(|number| format!("{name} {number}")).collect();
    let loaded = join_all(names.iter().map(|name| process.load(name, version))).await;
    assert_eq!(loaded, vec![version; 20]);
    for name in &names {
        process.put(name, version + 1);
        assert_eq!(process.held(name).await, Some(version + 1));
        process
            .cache
            .invalidate(Change::updated(name.clone(), version + 2));
        assert_eq!(process.load(name, version + 2).await, version + 2);
    }
}

/// Copies go from one process to the other.
async fn until_shared(one: &Process, other: &Process, name: &str) {
    let mut number = 0;
    eventually("copies are shared", async || {
        number += 1;
        let name = format!("{name} {number}");
        one.load(&name, 1).await;
        other.held(&name).await
    })
    .await;
}

#[tokio::test]
async fn without_redis_everything_is_answered_from_memory_and_the_source() {
    let mut dead = PrivateRedis::start().await;
    dead.kill().await;
    let silent = SilentServer::start().await;
    for url in [dead.url(), silent.url()] {
        let process = at(&url).process_at(Clock::system(), |_| {});
        timeout(LONG, use_it(&process, "a", 1))
            .await
            .expect("nobody waits");
        assert!(process.counts("stoa_cache_copies_total{cache=\"peers\",outcome=\"away\"} 40"));
        process.end().await;
    }
}

#[tokio::test]
async fn a_redis_that_is_killed_or_stops_is_missed_by_nobody_and_used_again() {
    let mut server = PrivateRedis::start().await;
    let installation = at(&server.url());
    let (one, other) = (installation.process().await, installation.process().await);
    until_shared(&one, &other, "before").await;

    server.stop();
    timeout(LONG, use_it(&one, "stopped", 1))
        .await
        .expect("nobody waits for long");
    server.go_on();
    until_shared(&one, &other, "gone on").await;

    let ((), used) = tokio::join!(server.kill(), timeout(LONG, use_it(&one, "killed", 1)));
    used.expect("nobody waits for long");
    server.start_again().await;
    until_shared(&one, &other, "started again").await;
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn what_redis_could_not_be_told_it_cannot_contradict() {
    let mut server = PrivateRedis::start().await;
    // What it is told here must arrive, and a dead server is not waited for.
    let installation = Installation::at(&server.url(), LONG);
    let other = installation.process().await;
    let writer = installation.process_at(Clock::system(), |settings| settings.entries = 1);
    assert_eq!(other.load("a", 7).await, 7);
    other.until_head("a", ('v', 7)).await;
    let copy = other.lying("a").await.unwrap();

    server.kill().await;
    writer.put("a", 8);
    // One key pushes out of memory what was there of the other.
    writer.put("b", 1);
    server.start_again().await;
    // As if it had kept what it had.
    other.lay("a", &copy).await;
    writer.until_asked().await;
    assert_eq!(writer.held("a").await, None);
    // Who was not told of anything, neither by the writer nor by an event, may believe it.
    let late = installation.process().await;
    eventually("it finds the copy", async || {
        (late.held("a").await == Some(7)).then_some(())
    })
    .await;
    for process in [writer, other, late] {
        process.end().await;
    }
}
