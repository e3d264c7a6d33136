//! Which version wins when writes, news and loads overtake each other.

use std::time::Duration;

use kit_cache::{Absence, Change};

use crate::fixture::{Fixture, MINUTE, brings, held, never, version_of};

/// A cache that keeps what is not there, too.
fn fixture_with_absence() -> Fixture {
    Fixture::with(|settings| settings.absence = Absence::KeptFor(MINUTE))
}

#[tokio::test]
async fn a_late_put_does_not_overwrite_what_is_newer() {
    let fixture = Fixture::new();
    fixture.put("a", 5);
    fixture.put("a", 4);
    assert_eq!(fixture.held_version("a").await, Some(5));
    fixture.put("a", 6);
    assert_eq!(fixture.held_version("a").await, Some(6));
}

#[tokio::test]
async fn a_load_that_ends_after_a_put_does_not_overwrite_it() {
    let fixture = Fixture::new();
    let (gate, load) = held();
    let asking = fixture.ask("a", load).await;
    fixture.put("a", 2);
    gate.bring(1);
    assert_eq!(version_of(&asking.await), Some(1), "its callers asked before");
    assert_eq!(fixture.held_version("a").await, Some(2));
}

#[tokio::test]
async fn a_put_that_is_too_old_leaves_a_running_load_alone() {
    let fixture = Fixture::new();
    fixture.cache.invalidate(Change::updated("a", 5));
    let (gate, load) = held();
    let asking = fixture.ask("a", load).await;
    fixture.put("a", 4);
    gate.bring(5);
    assert_eq!(version_of(&asking.await), Some(5));
    assert_eq!(fixture.held_version("a").await, Some(5));
}

#[tokio::test]
async fn a_load_overtaken_by_news_is_not_kept() {
    for news in [
        Change::updated("a", 2),
        Change::updated("a", None),
        Change::deleted("a", 1),
        Change::deleted("a", None),
    ] {
        let fixture = Fixture::new();
        let (gate, load) = held();
        let asking = fixture.ask("a", load).await;
        fixture.cache.invalidate(news.clone());
        gate.bring(1);
        assert_eq!(version_of(&asking.await), Some(1), "{news:?}");
        assert_eq!(fixture.held("a").await, None, "{news:?}");
        assert_eq!(fixture.load("a", 2).await, 2);
        assert_eq!(fixture.held_version("a").await, Some(2), "{news:?}");
    }
}

#[tokio::test]
async fn a_load_of_something_missing_is_overtaken_like_others() {
    for overtaken_by_a_put in [true, false] {
        let fixture = fixture_with_absence();
        let (gate, load) = held();
        let asking = fixture.ask("a", load).await;
        if overtaken_by_a_put {
            fixture.put("a", 1);
        } else {
            fixture.cache.invalidate(Change::updated("a", 1));
        }
        gate.end(Ok(None));
        assert_eq!(asking.await.unwrap(), None);
        assert_ne!(fixture.held("a").await, Some(None));
    }
}

#[tokio::test]
async fn who_asks_after_the_news_does_not_wait_for_the_load_before_it() {
    let fixture = Fixture::new();
    let (old_gate, old_load) = held();
    let before = fixture.ask("a", old_load).await;
    fixture.cache.invalidate(Change::updated("a", 2));
    let (new_gate, new_load) = held();
    let after = fixture.ask("a", new_load).await;

    // The old one ends first, and takes nothing from the new one.
    old_gate.bring(1);
    assert_eq!(version_of(&before.await), Some(1));
    let joined = fixture.ask("a", never()).await;
    new_gate.bring(2);
    assert_eq!(version_of(&after.await), Some(2));
    assert_eq!(version_of(&joined.await), Some(2));
    assert_eq!(fixture.held_version("a").await, Some(2));
}

#[tokio::test]
async fn a_load_that_ends_after_its_successor_does_not_overwrite_it() {
    let fixture = Fixture::new();
    let (gate, load) = held();
    let before = fixture.ask("a", load).await;
    fixture.cache.invalidate(Change::updated("a", None));
    assert_eq!(fixture.load("a", 2).await, 2);
    gate.bring(1);
    assert_eq!(version_of(&before.await), Some(1));
    assert_eq!(fixture.held_version("a").await, Some(2));
}

#[tokio::test]
async fn the_echo_of_ones_own_write_costs_nothing() {
    let fixture = Fixture::new();
    fixture.put("a", 3);
    fixture.cache.invalidate(Change::updated("a", 3));
    assert_eq!(fixture.held_version("a").await, Some(3));

    fixture.cache.invalidate(Change::updated("b", 3));
    let (gate, load) = held();
    let asking = fixture.ask("b", load).await;
    fixture.cache.invalidate(Change::updated("b", 3));
    gate.bring(3);
    assert_eq!(version_of(&asking.await), Some(3));
    assert_eq!(fixture.held_version("b").await, Some(3));
}

#[tokio::test]
async fn what_was_told_is_remembered_when_the_value_is_gone() {
    let fixture = Fixture::new();
    fixture.put("a", 3);
    fixture.cache.invalidate(Change::updated("a", 3));
    fixture.cache.clear();
    fixture.put("a", 2);
    assert_eq!(fixture.held("a").await, None);
}

#[tokio::test]
async fn news_of_an_older_version_changes_nothing() {
    let fixture = Fixture::new();
    fixture.put("a", 3);
    fixture.cache.invalidate(Change::updated("a", 2));
    fixture.cache.invalidate(Change::deleted("a", 2));
    assert_eq!(fixture.held_version("a").await, Some(3));
}

#[tokio::test]
async fn news_of_a_newer_version_drops_what_is_kept() {
    let fixture = Fixture::new();
    fixture.put("a", 3);
    fixture.put("b", 3);
    fixture.cache.invalidate(Change::updated("a", 4));
    assert_eq!(fixture.held("a").await, None);
    assert_eq!(fixture.held_version("b").await, Some(3));
}

#[tokio::test]
async fn news_without_a_version_drops_what_is_kept_and_lets_nothing_older_in() {
    let fixture = Fixture::new();
    fixture.put("a", 3);
    fixture.cache.invalidate(Change::updated("a", None));
    assert_eq!(fixture.held("a").await, None);
    fixture.put("a", 2);
    assert_eq!(fixture.held("a").await, None);
    fixture.put("a", 3);
    assert_eq!(fixture.held_version("a").await, Some(3));
}

#[tokio::test]
async fn what_is_deleted_is_not_brought_back() {
    let fixture = Fixture::new();
    fixture.put("a", 5);
    fixture.cache.invalidate(Change::deleted("a", 5));
    assert_eq!(fixture.held("a").await, None);

    fixture.put("a", 5);
    assert_eq!(fixture.held("a").await, None, "a late put");
    // A replica that lags behind the deletion is answered, and not kept.
    assert_eq!(fixture.load("a", 5).await, 5);
    assert_eq!(fixture.held("a").await, None, "a late load");

    fixture.put("a", 6);
    assert_eq!(fixture.held_version("a").await, Some(6), "it exists again");
}

#[tokio::test]
async fn what_exists_again_is_news_after_its_deletion() {
    let fixture = Fixture::new();
    fixture.cache.invalidate(Change::deleted("a", 5));
    let (gate, load) = held();
    let asking = fixture.ask("a", load).await;
    fixture.cache.invalidate(Change::updated("a", 6));
    gate.bring(5);
    assert_eq!(version_of(&asking.await), Some(5));
    fixture.put("a", 5);
    assert_eq!(fixture.held("a").await, None);
}

#[tokio::test]
async fn a_deletion_is_remembered_for_its_time() {
    let fixture = Fixture::new();
    fixture.cache.invalidate(Change::deleted("a", 5));
    fixture
        .clock
        .advance(Duration::from_micros(5 * 60 * 1_000_000 - 1));
    fixture.put("a", 5);
    assert_eq!(fixture.held("a").await, None);
    // Should the source have gone back in time, the cache gets over it.
    fixture.clock.advance(Duration::from_micros(1));
    fixture.put("a", 5);
    assert_eq!(fixture.held_version("a").await, Some(5));
}

#[tokio::test]
async fn a_scan_over_many_keys_does_not_make_it_forget_deletions() {
    let fixture = Fixture::with(|settings| settings.entries = 3);
    fixture.cache.invalidate(Change::deleted("a", 5));
    for key in ["b", "c", "d", "e", "f"] {
        fixture.load(key, 1).await;
    }
    fixture.put("a", 5);
    assert_eq!(fixture.held("a").await, None);
}

#[tokio::test]
async fn absence_is_not_kept_of_what_is_known_to_be_there() {
    let fixture = fixture_with_absence();
    fixture.cache.invalidate(Change::updated("a", 1));
    let answer = fixture.cache.get(&"a", brings(None)).await;
    assert_eq!(answer.unwrap(), None, "a replica that lags behind the creation");
    assert_eq!(fixture.held("a").await, None);

    fixture.cache.invalidate(Change::deleted("a", 1));
    let answer = fixture.cache.get(&"a", brings(None)).await;
    assert_eq!(answer.unwrap(), None);
    assert_eq!(fixture.held("a").await, Some(None));
}

#[tokio::test]
async fn what_was_missing_is_found_once_it_is_created() {
    let fixture = fixture_with_absence();
    for change in [Change::updated("a", 1), Change::updated("b", None)] {
        let key = if change == Change::updated("a", 1) {
            "a"
        } else {
            "b"
        };
        fixture.cache.get(&key, brings(None)).await.unwrap();
        assert_eq!(fixture.held(key).await, Some(None));
        fixture.cache.invalidate(change);
        assert_eq!(fixture.held(key).await, None);
    }
    fixture.cache.get(&"c", brings(None)).await.unwrap();
    fixture.put("c", 1);
    assert_eq!(fixture.held_version("c").await, Some(1));
}

#[tokio::test]
async fn a_cleared_cache_keeps_nothing_but_what_it_was_told() {
    let fixture = Fixture::new();
    fixture.put("a", 1);
    fixture.cache.invalidate(Change::deleted("gone", 5));
    let (gate, load) = held();
    let asking = fixture.ask("running", load).await;
    fixture.cache.clear();
    gate.bring(1);
    assert_eq!(version_of(&asking.await), Some(1));
    assert_eq!(fixture.held("running").await, None);
    assert_eq!(fixture.held("a").await, None);
    fixture.put("gone", 5);
    assert_eq!(fixture.held("gone").await, None);
}
