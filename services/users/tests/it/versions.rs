//! `ETag` and `If-Match`: nobody overwrites what they have not seen.

use std::time::Duration;

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{HasProfile as _, UsersApp};

const CHANGED: &str = "the resource has changed since";

on_both_databases! {
    async fn each_change_is_another_version(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let first = ada.etag().await;
        assert!(first.starts_with('"') && first.ends_with('"') && first.len() > 2, "{first}");
        assert_eq!(ada.etag().await, first, "reading changes nothing");
        assert_eq!(ada.client.get("/profile").await.header("etag"), first);
        let changed = ada.client.put(&ada.path(), &json!({ "bio": "x" })).await;
        assert_ne!(changed.header("etag"), first);
        assert_eq!(ada.etag().await, changed.header("etag"));
    }

    async fn a_change_of_what_was_seen_goes_through(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        for path in [ada.path(), "/profile".to_owned()] {
            let seen = ada.etag().await;
            ada.client.with("if-match", &seen).put(&path, &json!({ "bio": "a" })).await.expect(200);
            ada.client.with("if-match", "*").put(&path, &json!({ "bio": "b" })).await.expect(200);
            let list = format!("\"other\", {}", ada.etag().await);
            ada.client.with("if-match", &list).put(&path, &json!({ "bio": "c" })).await.expect(200);
            assert_eq!(ada.seen().await["bio"], "c");
        }
        let seen = ada.etag().await;
        ada.client.with("if-match", &seen).delete(&ada.path()).await.expect(200);
    }

    async fn a_change_of_what_has_changed_since_is_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, admin) = (app.settle("ada").await, app.admin());
        let stale = ada.etag().await;
        ada.client.put(&ada.path(), &json!({ "bio": "newer" })).await.expect(200);
        let (before, weak) = (ada.seen().await, format!("W/{}", ada.etag().await));
        for tag in [&*stale, &*weak, "\"\"", "\"other\""] {
            let (own, any) = (ada.client.with("if-match", tag), admin.client.with("if-match", tag));
            let change = json!({ "bio": "older" });
            own.put(&ada.path(), &change).await.expect_error(412, CHANGED);
            own.put("/profile", &change).await.expect_error(412, CHANGED);
            own.delete(&ada.path()).await.expect_error(412, CHANGED);
            any.put(&ada.path(), &change).await.expect_error(412, CHANGED);
            any.delete(&ada.path()).await.expect_error(412, CHANGED);
        }
        assert_eq!(ada.seen().await, before);
    }

    async fn an_if_match_that_is_none_is_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let before = ada.etag().await;
        for tag in ["1", "\"1", "1\"", "", "\"1\" \"2\"", "*, \"1\""] {
            let client = ada.client.with("if-match", tag);
            for reply in [
                client.put(&ada.path(), &json!({})).await,
                client.put("/profile", &json!({})).await,
                client.delete(&ada.path()).await,
            ] {
                assert_eq!(reply.expect(400)["code"], "invalid_if_match", "{tag}");
            }
        }
        assert_eq!(ada.etag().await, before);
    }

    async fn a_wish_for_what_is_gone_makes_nothing(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let seen = ada.etag().await;
        ada.client.delete(&ada.path()).await.expect(200);
        for tag in [&*seen, "*"] {
            let client = ada.client.with("if-match", tag);
            client.put("/profile", &json!({})).await.expect_error(412, CHANGED);
            client.put(&ada.path(), &json!({})).await.expect_error(404, "User not found");
            client.delete(&ada.path()).await.expect_error(404, "User not found");
        }
        assert!(app.auth.calls().is_empty());
    }

    async fn a_profile_made_anew_is_not_the_one_that_was_seen(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let seen = ada.etag().await;
        ada.client.delete(&ada.path()).await.expect(200);
        app.process.time.advance(Duration::from_micros(1));
        ada.client.post("/users", &ada.profile()).await.expect(200);
        assert_ne!(ada.etag().await, seen);
        let late = ada.client.with("if-match", &seen);
        late.put(&ada.path(), &json!({ "bio": "late" })).await.expect_error(412, CHANGED);
        late.delete(&ada.path()).await.expect_error(412, CHANGED);
    }

    async fn of_two_who_have_seen_the_same_one_changes_it(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        for round in 0..15 {
            let client = ada.client.with("if-match", &ada.etag().await);
            let (left, right) = (format!("l{round}"), format!("r{round}"));
            let writing = [("bio", &left), ("full_name", &right)].map(|(member, text)| {
                let (client, path) = (client.clone(), ada.path());
                let change = json!({ member: text });
                async move { client.put(&path, &change).await }
            });
            let replies = join_all(writing).await;
            let (done, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
            assert_eq!((done.len(), refused.len()), (1, 1), "round {round}");
            refused[0].expect_error(412, CHANGED);
            let seen = ada.seen().await;
            let (has_left, has_right) = (seen["bio"] == *left, seen["full_name"] == *right);
            assert!(has_left != has_right, "{seen}");
            assert_eq!(has_left, replies[0].status == 200, "{seen}");
            assert_eq!(done[0].header("etag"), ada.etag().await);
        }
    }

    async fn of_a_change_and_a_deletion_of_the_same_one_wins(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        for _ in 0..10 {
            app.process.time.advance(Duration::from_secs(1));
            let client = ada.client.with("if-match", &ada.etag().await);
            let (path, change) = (ada.path(), json!({ "bio": "x" }));
            let (changed, deleted) = tokio::join!(client.put(&path, &change), client.delete(&path));
            match (changed.status.as_u16(), deleted.status.as_u16()) {
                (200, 412) => assert_eq!(ada.seen().await["bio"], "x"),
                (404, 200) => {
                    ada.client.post("/users", &ada.profile()).await.expect(200);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
