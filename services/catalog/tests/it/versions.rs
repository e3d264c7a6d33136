//! `ETag` and `If-Match`: nobody overwrites what they have not seen.

use futures::future::join_all;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Clerk as _, path_of, start};

const CHANGED: &str = "the resource has changed since";

on_both_databases! {
    async fn a_change_of_what_was_seen_goes_through_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let product = path_of("products", &clerk.create_simple("Mug", "mug").await);
        let category = format!("/categories/{}", clerk.create_category("Mugs", None).await);
        for (path, method, change) in [
            (product.as_str(), Method::PATCH, json!({ "name": "Cup" })),
            (category.as_str(), Method::PATCH, json!({ "name": "Cups" })),
            ("/stock/mug", Method::PUT, json!({ "on_hand": 3 })),
        ] {
            let seen = clerk.client.get(path).await.header("etag").to_owned();
            assert!(seen.starts_with('"'), "{path} {seen}");
            let conditional = clerk.client.with("if-match", &seen);
            let changed = conditional.send(method.clone(), path, Some(&change)).await;
            changed.expect(200);
            assert_ne!(changed.header("etag"), seen, "{path}");
            assert_eq!(clerk.client.get(path).await.header("etag"), changed.header("etag"), "{path}");
            conditional.send(method.clone(), path, Some(&change)).await.expect_error(412, CHANGED);
            let any = clerk.client.with("if-match", "*");
            any.send(method.clone(), path, Some(&change)).await.expect(200);
            let odd = clerk.client.with("if-match", "3");
            assert_eq!(odd.send(method, path, Some(&change)).await.expect(400)["code"], "invalid_if_match");
            if method_deletes(path) {
                conditional.delete(path).await.expect_error(412, CHANGED);
                let now = clerk.client.get(path).await.header("etag").to_owned();
                clerk.client.with("if-match", &now).delete(path).await.expect(200);
            }
        }
    }

    async fn of_two_who_have_seen_the_same_one_changes_it(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let path = path_of("products", &clerk.create_simple("Mug", "mug").await);
        for round in 0..10 {
            let seen = clerk.client.get(&path).await.header("etag").to_owned();
            let writing = ["left", "right"].map(|side| {
                let (client, path) = (clerk.client.with("if-match", &seen), path.clone());
                let change = json!({ "name": format!("{side} {round}") });
                async move { client.send(Method::PATCH, &path, Some(&change)).await.status.as_u16() }
            });
            let mut statuses = join_all(writing).await;
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412]);
        }
    }
}

/// Stock alone cannot be deleted.
fn method_deletes(path: &str) -> bool {
    !path.starts_with("/stock")
}
