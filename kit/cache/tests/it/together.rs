//! Several keys at once: what is missing of them is loaded together, and every race is each key's own.

use std::collections::{BTreeSet, HashMap};
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kit_cache::{CacheError, Change, Versioned};
use tokio::sync::oneshot;

use crate::fixture::{Away, Fixture, Value, held, never, of, version_of};

type LoadedAll = Result<HashMap<Value, Versioned<Value>>, Away>;

/// A load that brings a version of all that it is asked for.
fn brings_all(version: i64) -> impl FnOnce(Vec<Value>) -> std::future::Ready<LoadedAll> + Send + 'static {
    move |keys| ready(Ok(keys.into_iter().map(|key| (key, of(version))).collect()))
}

#[tokio::test]
async fn what_is_missing_is_loaded_together_and_in_the_order_asked_for() {
    let fixture = Fixture::new();
    fixture.load("b", 7).await;
    let (gate, load) = held();
    let running = fixture.ask("c", load).await;
    let (loads, asked) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(std::sync::Mutex::new(BTreeSet::new())),
    );
    let load_all = {
        let (loads, asked) = (loads.clone(), asked.clone());
        move |keys: Vec<Value>| {
            loads.fetch_add(1, Ordering::SeqCst);
            asked.lock().unwrap().extend(keys.clone());
            // Nobody knows of `e`.
            let found = keys.into_iter().filter(|key| *key != "e").map(|key| (key, of(1)));
            ready(LoadedAll::Ok(found.collect()))
        }
    };
    // `a` is named twice, `b` is kept, `c` is being loaded by somebody else.
    let keys = ["a", "b", "c", "d", "a", "e"];
    let all = fixture.cache.get_all(&keys, load_all);
    let (all, ()) = futures::join!(all, async { gate.bring(3) });
    let versions: Vec<_> = all
        .unwrap()
        .iter()
        .map(|found| found.as_ref().map(|found| found.version))
        .collect();
    assert_eq!(versions, [Some(1), Some(7), Some(3), Some(1), Some(1), None]);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    assert_eq!(*asked.lock().unwrap(), BTreeSet::from(["a", "d", "e"]));
    assert_eq!(version_of(&running.await), Some(3));
    for (key, version) in [("a", Some(1)), ("d", Some(1)), ("e", None)] {
        assert_eq!(fixture.held_version(key).await, version, "{key}");
    }
    assert_eq!(
        fixture
            .cache
            .get_all(&["a", "b"], |_| ready(Err(Away)))
            .await
            .unwrap()
            .len(),
        2,
        "both are kept"
    );
}

#[tokio::test]
async fn news_of_one_makes_that_one_unfit_and_leaves_the_others() {
    let fixture = Fixture::new();
    let (end, until) = oneshot::channel::<()>();
    let load = |keys: Vec<Value>| async move {
        until.await.unwrap();
        LoadedAll::Ok(keys.into_iter().map(|key| (key, of(1))).collect())
    };
    let cache = fixture.cache.clone();
    let mut all = Box::pin(async move { cache.get_all(&["a", "b"], load).await });
    assert!(futures::poll!(all.as_mut()).is_pending());
    fixture.cache.invalidate(Change::updated("a", None));
    // Whoever asks now does not wait for what began before the news; of `b` they do.
    assert_eq!(fixture.load("a", 2).await, 2);
    let joined = fixture.ask("b", never()).await;
    end.send(()).unwrap();
    assert_eq!(all.await.unwrap().len(), 2);
    assert_eq!(version_of(&joined.await), Some(1));
    assert_eq!(
        fixture.held_version("a").await,
        Some(2),
        "the old value is not put back"
    );
    assert_eq!(fixture.held_version("b").await, Some(1));
}

#[tokio::test]
async fn a_common_load_that_fails_or_is_lost_hangs_nobody() {
    let fixture = Fixture::new();
    let failed = fixture.cache.get_all(&["a", "b"], |_| ready(Err(Away))).await;
    assert!(matches!(failed, Err(CacheError::Failed(cause)) if *cause == Away));
    let load = |_| -> std::future::Ready<LoadedAll> { panic!("on purpose") };
    let lost = fixture.cache.get_all(&["a", "b"], load).await;
    assert!(matches!(lost, Err(CacheError::Lost { .. })));
    assert_eq!(
        fixture
            .cache
            .get_all(&["a", "b"], brings_all(1))
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn what_is_kept_weighs_no_more_than_it_may() {
    let fixture = Fixture::with(|settings| settings.entries = 63);
    // One part, since it is small. A key's length is what its entry weighs.
    let cache = fixture.cache.clone().weighed(10, |key, _| key.len());
    for key in ["aaaa", "bbbb", "cc"] {
        fixture.load(key, 1).await;
    }
    fixture.load("aaaa", 1).await;
    fixture.load("ddd", 1).await;
    for (key, version) in [
        ("aaaa", Some(1)),
        ("bbbb", None),
        ("cc", Some(1)),
        ("ddd", Some(1)),
    ] {
        assert_eq!(fixture.held_version(key).await, version, "{key}");
    }
    // What is dropped weighs nothing any more, and what is kept anew weighs once.
    cache.invalidate(Change::updated("aaaa", None));
    fixture.put("ddd", 2);
    fixture.load("eeeee", 1).await;
    for key in ["cc", "ddd", "eeeee"] {
        assert!(fixture.held(key).await.is_some(), "{key}");
    }
    // What is larger than all that may be kept is loaded each time, and is news all the same.
    fixture.put("fffffffffff", 3);
    assert_eq!(fixture.held("fffffffffff").await, None);
    fixture.put("fffffffffff", 2);
    assert_eq!(fixture.load("fffffffffff", 3).await, 3);
    assert!(fixture.held("cc").await.is_some());
    cache.clear();
    for key in ["gggggg", "hhhh"] {
        fixture.load(key, 1).await;
    }
    assert!(fixture.held("gggggg").await.is_some() && fixture.held("hhhh").await.is_some());
}
