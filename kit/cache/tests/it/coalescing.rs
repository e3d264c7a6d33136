//! One load for all who ask, which nobody can take from the others.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use kit_cache::CacheError;
use kit_testing::eventually;
use tokio::sync::{mpsc, watch};

use crate::fixture::{Away, Fixture, Loaded, brings, held, never, of, version_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_gets_of_one_key_run_one_load() {
    let fixture = Fixture::new();
    let loads = Arc::new(AtomicU32::new(0));
    let (open, opened) = watch::channel(false);
    let (answered, mut answers) = mpsc::unbounded_channel();
    for _ in 0..50 {
        let (cache, answered) = (fixture.cache.clone(), answered.clone());
        let (loads, mut opened) = (loads.clone(), opened.clone());
        fixture.lifecycle.tasks().spawn("caller", async move {
            let load = async move || -> Loaded {
                loads.fetch_add(1, Ordering::SeqCst);
                opened.wait_for(|open| *open).await.unwrap();
                Ok(Some(of(7)))
            };
            let answer = cache.get(&"a", load).await;
            answered.send(version_of(&answer)).unwrap();
        });
    }
    eventually("all wait for one load", async || {
        let text = fixture.metrics.encode();
        text.contains("outcome=\"joined\"} 49").then_some(())
    })
    .await;
    open.send_replace(true);
    for _ in 0..50 {
        assert_eq!(answers.recv().await, Some(Some(7)));
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keys_are_loaded_apart() {
    let fixture = Fixture::new();
    let (gate, load) = held();
    let _asking = fixture.ask("a", load).await;
    assert_eq!(fixture.load("b", 3).await, 3);
    drop(gate);
}

#[tokio::test]
async fn a_first_caller_who_goes_away_takes_nothing_from_the_others() {
    let fixture = Fixture::new();
    let (gate, load) = held();
    let first = fixture.ask("a", load).await;
    let others = [fixture.ask("a", never()).await, fixture.ask("a", never()).await];
    drop(first);
    gate.bring(1);
    for answer in join_all(others).await {
        assert_eq!(version_of(&answer), Some(1));
    }
}

#[tokio::test]
async fn a_load_that_everybody_left_is_kept_all_the_same() {
    let fixture = Fixture::new();
    let (gate, load) = held();
    drop(fixture.ask("a", load).await);
    gate.bring(1);
    let found = fixture.ask("a", never()).await.await;
    assert_eq!(version_of(&found), Some(1));
    assert_eq!(fixture.held_version("a").await, Some(1));
}

#[tokio::test]
async fn a_failed_load_is_heard_by_everybody_and_kept_nowhere() {
    let fixture = Fixture::new();
    let (gate, load) = held();
    let mut callers = vec![fixture.ask("a", load).await];
    for _ in 0..9 {
        callers.push(fixture.ask("a", never()).await);
    }
    gate.end(Err(Away));
    for answer in join_all(callers).await {
        let error = answer.unwrap_err();
        assert_eq!(error.to_string(), "the source is away");
        assert!(matches!(error, CacheError::Failed(cause) if *cause == Away));
    }
    assert_eq!(fixture.load("a", 2).await, 2);
}

#[tokio::test]
async fn a_failed_load_leaves_what_was_put_meanwhile() {
    let fixture = Fixture::new();
    let (gate, load) = held();
    let asking = fixture.ask("a", load).await;
    fixture.put("a", 4);
    gate.end(Err(Away));
    assert!(asking.await.is_err());
    assert_eq!(fixture.held_version("a").await, Some(4));
}

#[tokio::test]
async fn a_load_that_panics_hangs_nobody() {
    let fixture = Fixture::new();
    // A gate that is dropped makes its load panic.
    let (gate, load) = held();
    let callers = [
        fixture.ask("a", load).await,
        fixture.ask("a", never()).await,
        fixture.ask("a", never()).await,
    ];
    drop(gate);
    for answer in join_all(callers).await {
        let error = answer.unwrap_err();
        assert!(matches!(error, CacheError::Lost { cache: "shelf" }));
        assert_eq!(error.to_string(), "the load of `shelf` was lost");
    }
    assert_eq!(fixture.load("a", 1).await, 1);
}

#[tokio::test]
async fn a_load_that_panics_before_its_first_step_hangs_nobody() {
    let fixture = Fixture::new();
    let load = || -> std::future::Ready<Loaded> { panic!("on purpose") };
    let answer = fixture.cache.get(&"a", load).await;
    assert!(matches!(answer, Err(CacheError::Lost { .. })));
    assert_eq!(fixture.load("a", 1).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_takes_too_long_is_given_up() {
    let fixture = Fixture::new();
    let first = fixture.cache.get(&"a", pending::<Loaded>);
    let second = fixture.cache.get(&"a", pending::<Loaded>);
    let (first, second) = tokio::join!(first, second);
    for answer in [first, second] {
        let error = answer.unwrap_err();
        assert_eq!(error.to_string(), "the load of `shelf` took longer than 10s");
    }
    assert_eq!(fixture.load("a", 1).await, 1);
}

#[tokio::test]
async fn a_process_that_stops_lets_nobody_wait() {
    let fixture = Fixture::new();
    let (_gate, load) = held();
    let asking = fixture.ask("a", load).await;
    let joined = fixture.ask("a", never()).await;
    fixture.lifecycle.end().await;
    for answer in [asking.await, joined.await] {
        assert!(matches!(answer, Err(CacheError::Lost { .. })));
    }
    // Whether this one still runs is chance; that it ends is not.
    let _ = fixture.cache.get(&"a", brings(Some(1))).await;
}
