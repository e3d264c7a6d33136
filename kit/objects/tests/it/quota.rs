//! A bucket holds what it may, whoever writes at once, and nothing of what broke off.

use kit_testing::eventually;

use crate::fixture::{BUCKET, Fixture};

/// In their rows, and in files.
const SIZES: [u64; 2] = [1000, 50_000];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_as_many_fit_as_there_is_room_for() {
    for size in SIZES {
        let fixture = Fixture::with_quota(size * 20 + size / 2).await;
        let fitted = fixture.story("fifty_puts", &[&size.to_string()]).await;
        assert_eq!(fitted, "20", "of {size} bytes each");
        let usage = fixture.usage().await;
        assert_eq!((usage.objects, usage.bytes), (20, size * 20));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_want_to_be_first_one_is() {
    for size in SIZES {
        let fixture = Fixture::start().await;
        fixture.story("fifty_firsts", &[&size.to_string()]).await;
        let usage = fixture.usage().await;
        assert_eq!((usage.objects, usage.bytes), (1, size));
        let cleared = async || (fixture.files() <= 1).then_some(());
        eventually("the files of those who were not first are gone", cleared).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_room_is_refused_before_it_is_sent() {
    for size in SIZES {
        let fixture = Fixture::with_quota(size).await;
        fixture.story("over_quota", &[&size.to_string()]).await;
        let usage = fixture.usage().await;
        assert_eq!((usage.objects, usage.bytes, usage.upload_bytes), (1, size, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_parts_count() {
    let fixture = Fixture::with_quota(100_000).await;
    fixture.story("begin_only", &["99999"]).await;
    let usage = fixture.usage().await;
    assert_eq!((usage.objects, usage.bytes, usage.upload_bytes), (0, 0, 99_999));
    assert_eq!(fixture.story("expect_put", &[]).await, "QuotaExceeded");
    fixture.store.set_quota(BUCKET, 200_000).await.unwrap();
    assert_eq!(fixture.story("expect_put", &[]).await, "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_off_leaves_nothing() {
    let fixture = Fixture::with_quota(3_000_000).await;
    fixture.story("breaks_off", &[]).await;
    let cleared = async || (fixture.files() == 0).then_some(());
    eventually("the file that was being written is gone", cleared).await;
    // What was promised to it is free again.
    let has_room = async || (fixture.story("fifty_puts", &["60000"]).await == "50").then_some(());
    eventually("all of the room is free", has_room).await;
    let usage = fixture.usage().await;
    assert_eq!((usage.objects, usage.bytes), (50, 3_000_000));
}
