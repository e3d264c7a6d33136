//! Which version wins when writes, news and loads overtake each other.

use std::time::Duration;

use kit_cache::{Absence, Change};

use crate::shelf::{MINUTE, Shelf, brings, held, never, version_of};

/// A cache that keeps what is not there, too.
fn shelf_with_absence() -> Shelf {
    Shelf::with(|settings| settings.absence = Absence::KeptFor(MINUTE))
}

#[tokio::test]
async fn a_late_put_does_not_overwrite_what_is_newer() {
    let shelf = Shelf::new();
    shelf.put("a", 5);
    shelf.put("a", 4);
    assert_eq!(shelf.held_version("a").await, Some(5));
    shelf.put("a", 6);
    assert_eq!(shelf.held_version("a").await, Some(6));
}

#[tokio::test]
async fn a_load_that_ends_after_a_put_does_not_overwrite_it() {
    let shelf = Shelf::new();
    let (gate, load) = held();
    let asking = shelf.ask("a", load).await;
    shelf.put("a", 2);
    gate.bring(1);
    assert_eq!(version_of(&asking.await), Some(1), "its callers asked before");
    assert_eq!(shelf.held_version("a").await, Some(2));
}

#[tokio::test]
async fn a_put_that_is_too_old_leaves_a_running_load_alone() {
    let shelf = Shelf::new();
    shelf.cache.invalidate(Change::updated("a", 5));
    let (gate, load) = held();
    let asking = shelf.ask("a", load).await;
    shelf.put("a", 4);
    gate.bring(5);
    assert_eq!(version_of(&asking.await), Some(5));
    assert_eq!(shelf.held_version("a").await, Some(5));
}

#[tokio::test]
async fn a_load_overtaken_by_news_is_not_kept() {
    for news in [
        Change::updated("a", 2),
        Change::updated("a", None),
        Change::deleted("a", 1),
        Change::deleted("a", None),
    ] {
        let shelf = Shelf::new();
        let (gate, load) = held();
        let asking = shelf.ask("a", load).await;
        shelf.cache.invalidate(news.clone());
        gate.bring(1);
        assert_eq!(version_of(&asking.await), Some(1), "{news:?}");
        assert_eq!(shelf.held("a").await, None, "{news:?}");
        assert_eq!(shelf.load("a", 2).await, 2);
        assert_eq!(shelf.held_version("a").await, Some(2), "{news:?}");
    }
}

#[tokio::test]
async fn a_load_of_something_missing_is_overtaken_like_others() {
    for overtaken_by_a_put in [true, false] {
        let shelf = shelf_with_absence();
        let (gate, load) = held();
        let asking = shelf.ask("a", load).await;
        if overtaken_by_a_put {
            shelf.put("a", 1);
        } else {
            shelf.cache.invalidate(Change::updated("a", 1));
        }
        gate.end(Ok(None));
        assert_eq!(asking.await.unwrap(), None);
        assert_ne!(shelf.held("a").await, Some(None));
    }
}

#[tokio::test]
async fn who_asks_after_the_news_does_not_wait_for_the_load_before_it() {
    let shelf = Shelf::new();
    let (old_gate, old_load) = held();
    let before = shelf.ask("a", old_load).await;
    shelf.cache.invalidate(Change::updated("a", 2));
    let (new_gate, new_load) = held();
    let after = shelf.ask("a", new_load).await;

    // The old one ends first, and takes nothing from the new one.
    old_gate.bring(1);
    assert_eq!(version_of(&before.await), Some(1));
    let joined = shelf.ask("a", never()).await;
    new_gate.bring(2);
    assert_eq!(version_of(&after.await), Some(2));
    assert_eq!(version_of(&joined.await), Some(2));
    assert_eq!(shelf.held_version("a").await, Some(2));
}

#[tokio::test]
async fn a_load_that_ends_after_its_successor_does_not_overwrite_it() {
    let shelf = Shelf::new();
    let (gate, load) = held();
    let before = shelf.ask("a", load).await;
    shelf.cache.invalidate(Change::updated("a", None));
    assert_eq!(shelf.load("a", 2).await, 2);
    gate.bring(1);
    assert_eq!(version_of(&before.await), Some(1));
    assert_eq!(shelf.held_version("a").await, Some(2));
}

#[tokio::test]
async fn the_echo_of_ones_own_write_costs_nothing() {
    let shelf = Shelf::new();
    shelf.put("a", 3);
    shelf.cache.invalidate(Change::updated("a", 3));
    assert_eq!(shelf.held_version("a").await, Some(3));

    shelf.cache.invalidate(Change::updated("b", 3));
    let (gate, load) = held();
    let asking = shelf.ask("b", load).await;
    shelf.cache.invalidate(Change::updated("b", 3));
    gate.bring(3);
    assert_eq!(version_of(&asking.await), Some(3));
    assert_eq!(shelf.held_version("b").await, Some(3));
}

#[tokio::test]
async fn what_was_told_is_remembered_when_the_value_is_gone() {
    let shelf = Shelf::new();
    shelf.put("a", 3);
    shelf.cache.invalidate(Change::updated("a", 3));
    shelf.cache.clear();
    shelf.put("a", 2);
    assert_eq!(shelf.held("a").await, None);
}

#[tokio::test]
async fn news_of_an_older_version_changes_nothing() {
    let shelf = Shelf::new();
    shelf.put("a", 3);
    shelf.cache.invalidate(Change::updated("a", 2));
    shelf.cache.invalidate(Change::deleted("a", 2));
    assert_eq!(shelf.held_version("a").await, Some(3));
}

#[tokio::test]
async fn news_of_a_newer_version_drops_what_is_kept() {
    let shelf = Shelf::new();
    shelf.put("a", 3);
    shelf.put("b", 3);
    shelf.cache.invalidate(Change::updated("a", 4));
    assert_eq!(shelf.held("a").await, None);
    assert_eq!(shelf.held_version("b").await, Some(3));
}

#[tokio::test]
async fn news_without_a_version_drops_what_is_kept_and_lets_nothing_older_in() {
    let shelf = Shelf::new();
    shelf.put("a", 3);
    shelf.cache.invalidate(Change::updated("a", None));
    assert_eq!(shelf.held("a").await, None);
    shelf.put("a", 2);
    assert_eq!(shelf.held("a").await, None);
    shelf.put("a", 3);
    assert_eq!(shelf.held_version("a").await, Some(3));
}

#[tokio::test]
async fn what_is_deleted_is_not_brought_back() {
    let shelf = Shelf::new();
    shelf.put("a", 5);
    shelf.cache.invalidate(Change::deleted("a", 5));
    assert_eq!(shelf.held("a").await, None);

    shelf.put("a", 5);
    assert_eq!(shelf.held("a").await, None, "a late put");
    // A replica that lags behind the deletion is answered, and not kept.
    assert_eq!(shelf.load("a", 5).await, 5);
    assert_eq!(shelf.held("a").await, None, "a late load");

    shelf.put("a", 6);
    assert_eq!(shelf.held_version("a").await, Some(6), "it exists again");
}

#[tokio::test]
async fn what_exists_again_is_news_after_its_deletion() {
    let shelf = Shelf::new();
    shelf.cache.invalidate(Change::deleted("a", 5));
    let (gate, load) = held();
    let asking = shelf.ask("a", load).await;
    shelf.cache.invalidate(Change::updated("a", 6));
    gate.bring(5);
    assert_eq!(version_of(&asking.await), Some(5));
    shelf.put("a", 5);
    assert_eq!(shelf.held("a").await, None);
}

#[tokio::test]
async fn a_deletion_is_remembered_for_its_time() {
    let shelf = Shelf::new();
    shelf.cache.invalidate(Change::deleted("a", 5));
    shelf.clock.advance(Duration::from_micros(5 * 60 * 1_000_000 - 1));
    shelf.put("a", 5);
    assert_eq!(shelf.held("a").await, None);
    // Should the source have gone back in time, the cache gets over it.
    shelf.clock.advance(Duration::from_micros(1));
    shelf.put("a", 5);
    assert_eq!(shelf.held_version("a").await, Some(5));
}

#[tokio::test]
async fn a_scan_over_many_keys_does_not_make_it_forget_deletions() {
    let shelf = Shelf::with(|settings| settings.entries = 3);
    shelf.cache.invalidate(Change::deleted("a", 5));
    for key in ["b", "c", "d", "e", "f"] {
        shelf.load(key, 1).await;
    }
    shelf.put("a", 5);
    assert_eq!(shelf.held("a").await, None);
}

#[tokio::test]
async fn absence_is_not_kept_of_what_is_known_to_be_there() {
    let shelf = shelf_with_absence();
    shelf.cache.invalidate(Change::updated("a", 1));
    let answer = shelf.cache.get(&"a", brings(None)).await;
    assert_eq!(answer.unwrap(), None, "a replica that lags behind the creation");
    assert_eq!(shelf.held("a").await, None);

    shelf.cache.invalidate(Change::deleted("a", 1));
    let answer = shelf.cache.get(&"a", brings(None)).await;
    assert_eq!(answer.unwrap(), None);
    assert_eq!(shelf.held("a").await, Some(None));
}

#[tokio::test]
async fn what_was_missing_is_found_once_it_is_created() {
    let shelf = shelf_with_absence();
    for told in [Change::updated("a", 1), Change::updated("b", None)] {
        let key = if told == Change::updated("a", 1) { "a" } else { "b" };
        shelf.cache.get(&key, brings(None)).await.unwrap();
        assert_eq!(shelf.held(key).await, Some(None));
        shelf.cache.invalidate(told);
        assert_eq!(shelf.held(key).await, None);
    }
    shelf.cache.get(&"c", brings(None)).await.unwrap();
    shelf.put("c", 1);
    assert_eq!(shelf.held_version("c").await, Some(1));
}

#[tokio::test]
async fn a_cleared_cache_keeps_nothing_but_what_it_was_told() {
    let shelf = Shelf::new();
    shelf.put("a", 1);
    shelf.cache.invalidate(Change::deleted("gone", 5));
    let (gate, load) = held();
    let asking = shelf.ask("running", load).await;
    shelf.cache.clear();
    gate.bring(1);
    assert_eq!(version_of(&asking.await), Some(1));
    assert_eq!(shelf.held("running").await, None);
    assert_eq!(shelf.held("a").await, None);
    shelf.put("gone", 5);
    assert_eq!(shelf.held("gone").await, None);
}
