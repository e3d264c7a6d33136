//! Two processes and the Redis between them: what is copied, and which copies are believed.

use std::time::Duration;

use kit_cache::Change;
use kit_runtime::{FakeClock, Timestamp};
use kit_testing::eventually;

use crate::peers::{Installation, Process, of};

/// Both have their connection.
async fn two() -> (Process, Process) {
    let installation = Installation::new();
    (installation.process().await, installation.process().await)
}

/// Loaded by the first, and lying in Redis.
async fn shared(one: &Process, key: &str, version: i64) {
    assert_eq!(one.load(key, version).await, version);
    one.until_head(key, ('v', version)).await;
}

fn key(key: &str) -> String {
    key.to_owned()
}

#[tokio::test]
async fn what_one_process_has_loaded_the_other_need_not() {
    let (one, other) = two().await;
    shared(&one, "a", 7).await;
    let found = other.get("a", Err(crate::fixture::Away)).await.unwrap();
    assert_eq!(found, Some(of(7)));
    // From now on it is in memory.
    let _: i64 = other.ask("DEL", "a", &[]).await;
    assert_eq!(other.held("a").await, Some(7));
    for line in [
        "stoa_cache_lookups_total{cache=\"peers\",outcome=\"hit\"} 1",
        "stoa_cache_copies_total{cache=\"peers\",outcome=\"used\"} 1",
        "stoa_cache_loads_total{cache=\"peers\",outcome=\"copied\"} 1",
    ] {
        assert!(other.counts(line), "{line}");
    }
    assert!(one.counts("stoa_cache_copies_total{cache=\"peers\",outcome=\"missing\"} 1"));
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_copy_lives_no_longer_than_the_value_it_was_made_of() {
    let installation = Installation::new();
    let clock = FakeClock::at(Timestamp::from_seconds(1_000));
    let (one, other) = (
        installation.process().await,
        installation.process_at(clock.clock(), |_| {}),
    );
    other.until_asked().await;
    shared(&one, "a", 7).await;
    let left: i64 = one.ask("PTTL", "a", &[]).await;
    assert!(
        (200_000..=300_000).contains(&left),
        "five minutes, the last tenth random: {left}"
    );

    // As if it had been loaded four minutes ago.
    let lying = String::from_utf8(one.lying("a").await.unwrap()).unwrap();
    let aged = |minutes: u64| {
        let began: u64 = lying[38..54].parse().unwrap();
        format!(
            "{}{:016}{}",
            &lying[..38],
            began - minutes * 60_000_000,
            &lying[54..]
        )
    };
    other.lay("a", aged(4).as_bytes()).await;
    assert_eq!(other.held("a").await, Some(7));
    clock.advance(Duration::from_mins(1));
    // No time has passed in Redis.
    let _: i64 = other.ask("DEL", "a", &[]).await;
    assert_eq!(
        other.load("a", 8).await,
        8,
        "it ends in memory when its own time ends"
    );

    other.lay("b", aged(5).as_bytes()).await;
    assert_eq!(other.held("b").await, None);
    assert!(other.counts("stoa_cache_copies_total{cache=\"peers\",outcome=\"outdated\"} 1"));
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn who_writes_makes_the_copy_go() {
    let (one, other) = two().await;
    shared(&one, "a", 7).await;
    one.put("a", 8);
    one.until_head("a", ('m', 8)).await;
    assert_eq!(other.held("a").await, None, "nobody has loaded it yet");
    shared(&other, "a", 8).await;
    assert_eq!(one.held("a").await, Some(8));

    one.cache.invalidate(Change::deleted(key("a"), 8));
    one.until_head("a", ('m', 8)).await;
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_load_that_ends_late_does_not_bring_back_what_was_changed() {
    let installation = Installation::new();
    let (one, other) = (installation.process().await, installation.process().await);
    for (name, change) in [
        ("updated", Change::updated(key("updated"), 8)),
        ("deleted", Change::deleted(key("deleted"), 7)),
        ("unknown", Change::updated(key("unknown"), None)),
    ] {
        let reading = one.reading(name).await;
        other.cache.invalidate(change);
        let mark = if name == "unknown" {
            i64::MIN
        } else {
            7 + i64::from(name == "updated")
        };
        other.until_head(name, ('m', mark)).await;
        // It has not heard of the change, and cannot know better.
        assert_eq!(reading.brings(7).await, Some(7));
        let after: Vec<u8> = one.lying(name).await.unwrap();
        shared(&one, &format!("after {name}"), 1).await;
        assert_eq!(one.lying(name).await.unwrap(), after, "{name}");
        assert_eq!(other.held(name).await, None, "{name}");
        let late = installation.process().await;
        assert_eq!(late.held(name).await, None, "{name}");
        late.end().await;
    }
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn of_two_loads_the_newer_version_stays_whichever_ends_last() {
    let (one, other) = two().await;
    let (old, new) = (one.reading("a").await, other.reading("a").await);
    assert_eq!(new.brings(8).await, Some(8));
    other.until_head("a", ('v', 8)).await;
    assert_eq!(old.brings(7).await, Some(7));
    shared(&one, "b", 1).await;
    assert_eq!(one.head("a").await, Some(('v', 8)));

    let (old, new) = (one.reading("c").await, other.reading("c").await);
    assert_eq!(old.brings(7).await, Some(7));
    one.until_head("c", ('v', 7)).await;
    assert_eq!(new.brings(8).await, Some(8));
    other.until_head("c", ('v', 8)).await;
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn no_copy_is_believed_that_contradicts_what_the_process_was_told() {
    let (one, other) = two().await;
    for (name, change) in [
        ("updated", Change::updated(key("updated"), 8)),
        ("deleted", Change::deleted(key("deleted"), 7)),
        ("unknown", Change::updated(key("unknown"), None)),
    ] {
        shared(&one, name, 7).await;
        let copy = one.lying(name).await.unwrap();
        other.cache.invalidate(change);
        let mark = if name == "unknown" {
            7
        } else {
            7 + i64::from(name == "updated")
        };
        other.until_head(name, ('m', mark)).await;
        // As if Redis had lost the mark, with its power or to whoever makes room.
        one.lay(name, &copy).await;
        assert_eq!(other.held(name).await, None, "{name}");
        if name != "deleted" {
            assert_eq!(other.load(name, 8).await, 8, "{name}");
            other.until_head(name, ('v', 8)).await;
        }
    }
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_process_that_may_have_missed_news_believes_only_what_was_loaded_since() {
    let (one, other) = two().await;
    shared(&one, "a", 7).await;
    shared(&one, "b", 7).await;
    let reading = one.reading("c").await;
    other.cache.clear();
    assert_eq!(other.held("a").await, None);
    // It began before, so it may have read what changed meanwhile.
    assert_eq!(reading.brings(7).await, Some(7));
    one.until_head("c", ('v', 7)).await;
    assert_eq!(other.held("c").await, None);

    // How long Redis took to answer counts against a copy, so the first that come may be too close.
    let mut number = 0;
    eventually("later copies are believed", async || {
        number += 1;
        let name = format!("later {number}");
        shared(&one, &name, 7).await;
        other.held(&name).await
    })
    .await;
    // What it loads itself replaces what it does not believe.
    shared(&other, "b", 7).await;
    other.cache.clear();
    assert_eq!(other.held("b").await, None);
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_as_good_as_nothing_and_replaced() {
    let (one, other) = two().await;
    shared(&one, "right", 7).await;
    let right = String::from_utf8(one.lying("right").await.unwrap()).unwrap();
    let from_the_future = format!("{}9{}", &right[..38], &right[39..]);
    let odd: [Vec<u8>; 7] = [
        Vec::new(),
        b"garbage".to_vec(),
        vec![0xff; 200],
        right[..54].into(),
        right[..60].into(),
        right.replace("\"value 7\"", "{\"other\":7}").into(),
        from_the_future.into(),
    ];
    for (number, odd) in odd.iter().enumerate() {
        let name = format!("odd {number}");
        one.lay(&name, odd).await;
        assert_eq!(other.held(&name).await, None, "{name}");
        assert_eq!(other.load(&name, 7).await, 7);
        other.until_head(&name, ('v', 7)).await;
        assert_ne!(other.lying(&name).await.as_ref(), Some(odd));
    }
    let pushed: i64 = one.ask("RPUSH", "list", &[b"1"]).await;
    assert_eq!(pushed, 1);
    assert_eq!(other.load("list", 8).await, 8);
    other.until_head("list", ('v', 8)).await;
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn many_who_ask_at_once_look_into_redis_once() {
    let (one, other) = two().await;
    shared(&one, "a", 7).await;
    let asked = futures::future::join_all((0..100).map(|_| other.held("a"))).await;
    assert_eq!(asked, vec![Some(7); 100]);
    assert!(other.counts("stoa_cache_copies_total{cache=\"peers\",outcome=\"used\"} 1"));
    one.end().await;
    other.end().await;
}
