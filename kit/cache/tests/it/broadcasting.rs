//! What others change is heard by a broadcast.

use std::time::Duration;

use kit_testing::db::TestDb;
use kit_testing::{both_databases, eventually};
use tokio::sync::oneshot;

use crate::process::{self, LoadError, MIGRATIONS, Node, remove, rename, version};

/// Returns once the name is this one, of whichever version.
async fn until_named(node: &Node, id: &str, name: Option<&str>) {
    eventually("the name is seen", async || {
        (node.name(id).await.as_deref() == name).then_some(())
    })
    .await;
}

both_databases! {
    migrations = MIGRATIONS;

    async fn a_change_elsewhere_drops_its_key_alone(test: &TestDb) {
        rename(test.db(), "a", "Ada").await;
        rename(test.db(), "b", "Bob").await;
        let node = Node::of(test);
        node.subscribe().await;
        for _ in 0..3 {
            assert_eq!(node.name("a").await.as_deref(), Some("Ada"));
            assert_eq!(node.name("b").await.as_deref(), Some("Bob"));
        }
        assert_eq!(node.loads(), 2);

        // This process's cache is not told by whoever writes.
        rename(test.db(), "a", "Ava").await;
        until_named(&node, "a", Some("Ava")).await;
        assert_eq!(node.name("b").await.as_deref(), Some("Bob"));
        assert_eq!(node.loads(), 3);
        node.end().await;
    }

    async fn what_is_created_elsewhere_is_missing_no_more(test: &TestDb) {
        let node = Node::of(test);
        node.subscribe().await;
        assert_eq!(node.name("a").await, None);
        assert_eq!(node.held("a").await, Some(None));
        rename(test.db(), "a", "Ada").await;
        until_named(&node, "a", Some("Ada")).await;
        node.end().await;
    }

    async fn what_is_deleted_elsewhere_is_not_brought_back(test: &TestDb) {
        let at = rename(test.db(), "a", "Ada").await;
        let node = Node::of(test);
        node.subscribe().await;
        assert_eq!(node.name("a").await.as_deref(), Some("Ada"));
        remove(test.db(), "a").await;
        until_named(&node, "a", None).await;
        node.cache.put("a".to_owned(), version(at));
        assert_eq!(node.held("a").await, Some(None));
        node.end().await;
    }

    async fn a_load_overtaken_by_an_event_is_not_kept(test: &TestDb) {
        rename(test.db(), "a", "Ada").await;
        rename(test.db(), "b", "Bob").await;
        let node = Node::of(test);
        node.subscribe().await;
        assert_eq!(node.name("b").await.as_deref(), Some("Bob"));

        let ((read, has_read), (go_on, may_go_on)) = (oneshot::channel(), oneshot::channel::<()>());
        let db = node.db.clone();
        let key = "a".to_owned();
        let slow = node.cache.get(&key, async move || {
            let found = process::find(&db, "a".to_owned()).await?;
            read.send(()).map_err(|()| LoadError::NotHeld)?;
            may_go_on.await.map_err(|_| LoadError::NotHeld)?;
            Ok(found)
        });
        let meanwhile = async {
            has_read.await.unwrap();
            rename(test.db(), "a", "Ava").await;
            rename(test.db(), "b", "Bea").await;
            // Events come in the order of their commits: with the second, the first was heard.
            until_named(&node, "b", Some("Bea")).await;
            go_on.send(()).unwrap();
        };
        let (found, ()) = tokio::join!(slow, meanwhile);
        assert_eq!(found.unwrap().unwrap().value, "Ada");
        assert_eq!(node.held("a").await, None);
        assert_eq!(node.name("a").await.as_deref(), Some("Ava"));
        node.end().await;
    }

    async fn an_interruption_clears_the_cache(test: &TestDb) {
        rename(test.db(), "a", "Ada").await;
        rename(test.db(), "b", "Bob").await;
        let node = Node::of(test);
        node.subscribe().await;
        assert_eq!(node.name("b").await.as_deref(), Some("Bob"));
        // The process was suspended for so long that events may have been removed.
        node.clock.advance(Duration::from_hours(1));
        rename(test.db(), "a", "Ava").await;
        node.until_not_held("b").await;

        // It hears again.
        assert_eq!(node.name("b").await.as_deref(), Some("Bob"));
        rename(test.db(), "b", "Bea").await;
        until_named(&node, "b", Some("Bea")).await;
        node.end().await;
    }

    async fn an_event_that_cannot_be_understood_clears_the_cache(test: &TestDb) {
        rename(test.db(), "a", "Ada").await;
        let node = Node::of(test);
        node.subscribe().await;
        assert_eq!(node.name("a").await.as_deref(), Some("Ada"));
        rename(test.db(), "odd", "Odo").await;
        node.until_not_held("a").await;
        node.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_in_one_process_is_seen_in_the_other() {
    let test = TestDb::postgres(&MIGRATIONS).await;
    let (one, other) = (Node::of(&test), Node::beside(&test).await);
    rename(&one.db, "a", "Ada").await;
    one.subscribe().await;
    other.subscribe().await;
    assert_eq!(one.name("a").await.as_deref(), Some("Ada"));
    assert_eq!(other.name("a").await.as_deref(), Some("Ada"));

    for (writer, reader, name) in [(&one, &other, "Ava"), (&other, &one, "Aya")] {
        let at = rename(&writer.db, "a", name).await;
        let mut written = version(at);
        written.value = name.to_owned();
        writer.cache.put("a".to_owned(), written);
        until_named(reader, "a", Some(name)).await;
    }
    let loads = [one.loads(), other.loads()];
    // The echo of its own write has reached a process before the next event does, and cost it nothing.
    rename(&other.db, "b", "Bob").await;
    for node in [&one, &other] {
        until_named(node, "b", Some("Bob")).await;
        assert_eq!(node.name("a").await.as_deref(), Some("Aya"));
    }
    assert_eq!(
        loads,
        [2, 2],
        "each loaded once, and once after the other's write"
    );
    one.end().await;
    other.end().await;
    test.finish().await;
}
