//! What the owner of the store does.

use kit_objects::{ListOptions, ObjectError};
use kit_runtime::Lifecycle;
use kit_testing::eventually;

use crate::fixture::{BUCKET, Fixture, QUOTA, SECRET, open_with, put_key, serve, story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_deleted_with_everything_in_it() {
    let fixture = Fixture::start().await;
    let store = &fixture.store;
    fixture.story("fifty_puts", &["20000"]).await;
    fixture.story("begin_only", &["20000"]).await;
    assert_eq!(fixture.files(), 51);
    store.delete_bucket(BUCKET).await.unwrap();
    store.delete_bucket(BUCKET).await.unwrap();
    assert_eq!(store.usage(BUCKET).await, Err(ObjectError::NoSuchBucket));
    assert_eq!(fixture.story("expect_put", &[]).await, "InvalidAccessKeyId");
    let cleared = async || (fixture.files() == 0).then_some(());
    eventually("its files are gone", cleared).await;
    store.create_bucket(BUCKET, QUOTA).await.unwrap();
    put_key(store, SECRET).await;
    assert_eq!(store.usage(BUCKET).await.unwrap().objects, 0);
    assert_eq!(fixture.story("expect_put", &[]).await, "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_of_keys_are_encrypted() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.story("expect_put", &[]).await, "done");
    let folder = fixture.end().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            let mut parts = bytes.windows(SECRET.len());
            assert!(parts.all(|part| part != SECRET.as_bytes()), "{file:?}");
        }
    }
    let expect = async |sealing: &str, change: bool, expected: &str| {
        let lifecycle = Lifecycle::new();
        let store = open_with(folder.path(), &lifecycle, sealing).await;
        if change {
            put_key(&store, SECRET).await;
        }
        let endpoint = serve(&store, &lifecycle).await;
        let said = story(&endpoint, SECRET, "expect_put", &[])
            .output()
            .await
            .unwrap();
        assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), expected);
        lifecycle.end().await;
    };
    expect("the secret of the tests", false, "done").await;
    expect("another", false, "InvalidAccessKeyId").await;
    expect("another", true, "done").await;
}

#[tokio::test]
async fn a_name_is_given_once() {
    let fixture = Fixture::start().await;
    let again = fixture.store.create_bucket(BUCKET, QUOTA).await;
    assert_eq!(again, Err(ObjectError::BucketExists));
    let odd = fixture.store.create_bucket("../odd", QUOTA).await;
    assert_eq!(odd, Err(ObjectError::InvalidBucketName));
    let absent = fixture.store.set_quota("no-bucket", 1).await;
    assert_eq!(absent, Err(ObjectError::NoSuchBucket));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_lists_a_bucket_page_by_page() {
    let fixture = Fixture::start().await;
    fixture.story("fifty_puts", &["10"]).await;
    let mut options = ListOptions {
        limit: 20,
        ..ListOptions::default()
    };
    let mut keys = Vec::new();
    loop {
        let page = fixture.store.list_objects(BUCKET, options.clone()).await.unwrap();
        assert!(page.objects.iter().all(|object| object.size == 10));
        keys.extend(page.objects.into_iter().map(|object| object.key));
        options.after = page.next;
        if options.after.is_none() {
            break;
        }
    }
    let mut expected: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    expected.sort();
    assert_eq!(keys, expected);
}
