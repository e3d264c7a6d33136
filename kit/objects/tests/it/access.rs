//! Who may do what.

use kit_objects::ObjectError;
use kit_runtime::Secret;

use crate::fixture::{ACCESS_KEY, BUCKET, Fixture, QUOTA, SECRET, put_key};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_good_for_its_bucket_alone() {
    let fixture = Fixture::start().await;
    fixture
        .store
        .create_bucket("another-bucket", QUOTA)
        .await
        .unwrap();
    fixture.story("denied", &["another-bucket"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_secret_is_dead_at_once() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.story("expect_put", &[]).await, "done");
    put_key(&fixture.store, "another secret").await;
    assert_eq!(fixture.story("expect_put", &[]).await, "SignatureDoesNotMatch");
    let with_another = fixture.story_with("another secret", "expect_put", &[]);
    assert_eq!(with_another.await, "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_key_is_dead_until_it_is_enabled() {
    let fixture = Fixture::start().await;
    fixture.store.disable_key(ACCESS_KEY).await.unwrap();
    assert_eq!(fixture.story("expect_put", &[]).await, "InvalidAccessKeyId");
    // Another secret does not enable it.
    put_key(&fixture.store, SECRET).await;
    assert_eq!(fixture.story("expect_put", &[]).await, "InvalidAccessKeyId");
    fixture.store.enable_key(ACCESS_KEY).await.unwrap();
    assert_eq!(fixture.story("expect_put", &[]).await, "done");
    fixture.store.remove_key(ACCESS_KEY).await.unwrap();
    fixture.store.remove_key(ACCESS_KEY).await.unwrap();
    assert_eq!(fixture.story("expect_put", &[]).await, "InvalidAccessKeyId");
    let enabled = fixture.store.enable_key(ACCESS_KEY).await;
    assert_eq!(enabled, Err(ObjectError::NoSuchKey));
}

#[tokio::test]
async fn a_key_stays_with_its_bucket() {
    let fixture = Fixture::start().await;
    fixture
        .store
        .create_bucket("another-bucket", QUOTA)
        .await
        .unwrap();
    let secret = || Secret::new("secret".to_owned());
    let moved = fixture
        .store
        .put_key(ACCESS_KEY, secret(), "another-bucket")
        .await;
    assert_eq!(moved, Err(ObjectError::KeyTaken));
    let nowhere = fixture.store.put_key("another", secret(), "no-bucket").await;
    assert_eq!(nowhere, Err(ObjectError::NoSuchBucket));
    assert!(fixture.store.usage(BUCKET).await.is_ok());
}
