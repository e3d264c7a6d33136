//! How long something is kept, and how much.

use std::collections::HashSet;
use std::time::Duration;

use kit_cache::{Absence, Cache, CacheDeps, CacheSettings, Versioned};
use kit_runtime::{FakeClock, Ids, Lifecycle, Timestamp};

use crate::fixture::{Fixture, MINUTE, brings, held, of, version_of};

#[tokio::test]
async fn a_value_ends_within_the_last_tenth_of_its_time() {
    let fixture = Fixture::with(|settings| settings.time_to_live = 10 * MINUTE);
    fixture.load("loaded", 1).await;
    fixture.put("put", 1);
    fixture
        .clock
        .advance(Duration::from_micros(9 * 60 * 1_000_000 - 1));
    assert_eq!(fixture.held_version("loaded").await, Some(1));
    assert_eq!(fixture.held_version("put").await, Some(1));
    fixture.clock.advance(MINUTE + Duration::from_micros(1));
    assert_eq!(fixture.held("loaded").await, None);
    assert_eq!(fixture.held("put").await, None);
}

#[tokio::test]
async fn values_loaded_together_do_not_end_together() {
    let (lifecycle, clock) = (Lifecycle::new(), FakeClock::at(Timestamp::from_seconds(1)));
    let deps = CacheDeps {
        tasks: lifecycle.tasks(),
        clock: clock.clock(),
        ids: Ids::seeded(7),
        metrics: None,
    };
    let cache: Cache<u32, u32, std::io::Error> = Cache::new(CacheSettings::new("numbers"), deps);
    for key in 0..100 {
        cache.put(
            key,
            Versioned {
                version: 1,
                value: key,
            },
        );
    }
    // Five minutes to live: they end within the last 30 seconds, here looked at second by second.
    clock.advance(Duration::from_secs(270));
    let mut gone = Vec::new();
    for second in 0..=30 {
        let mut count = 0;
        for key in 0..100 {
            let held = cache.get(&key, || std::future::ready(Err(std::io::Error::other("gone"))));
            count += u32::from(held.await.is_err());
        }
        gone.push(count);
        assert!(second > 0 || count < 10, "hardly any ends at once");
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(gone.last(), Some(&100));
    let steps: HashSet<u32> = gone.into_iter().collect();
    assert!(steps.len() > 15, "they end at many different times: {steps:?}");
}

#[tokio::test]
async fn the_time_counts_from_the_beginning_of_the_load() {
    let fixture = Fixture::with(|settings| settings.time_to_live = 10 * MINUTE);
    let (gate, load) = held();
    let asking = fixture.ask("a", load).await;
    fixture.clock.advance(8 * MINUTE);
    gate.bring(1);
    assert_eq!(version_of(&asking.await), Some(1));
    assert_eq!(fixture.held_version("a").await, Some(1));
    fixture.clock.advance(2 * MINUTE);
    assert_eq!(fixture.held("a").await, None);
}

#[tokio::test]
async fn an_ended_value_holds_nothing_off() {
    let fixture = Fixture::new();
    fixture.put("a", 5);
    fixture.clock.advance(5 * MINUTE);
    // Its source was restored from a backup.
    fixture.put("a", 3);
    assert_eq!(fixture.held_version("a").await, Some(3));
}

#[tokio::test]
async fn absence_is_asked_for_again_unless_the_owner_wants_it_kept() {
    let fixture = Fixture::new();
    fixture.cache.get(&"a", brings(None)).await.unwrap();
    assert_eq!(fixture.held("a").await, None);

    let fixture = Fixture::with(|settings| settings.absence = Absence::KeptFor(MINUTE));
    fixture.cache.get(&"a", brings(None)).await.unwrap();
    assert_eq!(fixture.held("a").await, Some(None));
    fixture.clock.advance(MINUTE);
    assert_eq!(fixture.held("a").await, None);
}

#[tokio::test]
async fn what_was_not_used_for_longest_goes_first() {
    let fixture = Fixture::with(|settings| settings.entries = 3);
    for key in ["a", "b", "c"] {
        fixture.put(key, 1);
    }
    assert_eq!(fixture.held_version("a").await, Some(1));
    fixture.put("d", 1);
    assert_eq!(fixture.held("b").await, None);
    for key in ["a", "c", "d"] {
        assert_eq!(fixture.held_version(key).await, Some(1), "{key}");
    }
}

#[tokio::test]
async fn a_large_cache_is_bounded_and_well_filled() {
    let (lifecycle, clock) = (Lifecycle::new(), FakeClock::at(Timestamp::from_seconds(1)));
    let mut settings = CacheSettings::new("numbers");
    settings.entries = 2_000;
    let deps = CacheDeps {
        tasks: lifecycle.tasks(),
        clock: clock.clock(),
        ids: Ids::seeded(7),
        metrics: None,
    };
    let cache: Cache<u32, &str, std::io::Error> = Cache::new(settings, deps);
    for key in 0..10_000 {
        cache.put(key, of(1));
    }
    let mut kept = 0;
    for key in 0..10_000 {
        let held = cache.get(&key, || std::future::ready(Err(std::io::Error::other("gone"))));
        kept += u32::from(held.await.is_ok());
    }
    assert!((1_900..=2_000).contains(&kept), "{kept}");
}
