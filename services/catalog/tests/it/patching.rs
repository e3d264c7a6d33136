//! `PATCH`: what is left out stays, and null clears what may be nothing.

use http::Method;
use kit_testing::{Person, Reply, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, find, path_of, pointers, product, start, variant};

async fn patch(clerk: &Person, product: &Value, change: &Value) -> Reply {
    clerk
        .client
        .send(Method::PATCH, &path_of("products", product), Some(change))
        .await
}

on_both_databases! {
    async fn each_member_is_changed_alone(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let category = clerk.create_category("Mugs", None).await;
        let mut expected = clerk.create(&product("Mug", "mug", 5)).await;
        for (change, member, value) in [
            (json!({ "name": "Cup" }), "name", json!("Cup")),
            (json!({ "slug": "cup" }), "slug", json!("cup")),
            (json!({ "description": "round" }), "description", json!("round")),
            (json!({ "description": "" }), "description", json!("")),
            (json!({ "category_id": category }), "category_id", json!(category)),
            (json!({ "category_id": null }), "category_id", json!(null)),
        ] {
            expected[member] = value;
            let answer = patch(&clerk, &expected, &change).await.expect(200);
            assert_eq!(answer, expected, "{change}");
            let seen = app.stranger().get(&path_of("products", &expected)).await.expect(200);
            assert_eq!(seen, expected, "{change}");
        }
        app.stranger().get("/products/mug").await.expect(404);
        app.stranger().get("/products/cup").await.expect(200);
    }

    async fn a_change_of_nothing_changes_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create_simple("Mug", "mug").await;
        let before = app.stranger().get("/products/mug").await;
        app.process.time.advance(std::time::Duration::from_secs(1));
        let answer = patch(&clerk, &mug, &json!({})).await;
        assert_eq!(answer.expect(200), mug);
        assert_eq!(answer.header("etag"), before.header("etag"));
    }

    async fn a_change_is_known_by_its_time(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create_simple("Mug", "mug").await;
        app.process.time.advance(std::time::Duration::from_secs(1));
        let changed = patch(&clerk, &mug, &json!({ "name": "Cup" })).await.expect(200);
        assert_eq!(changed["created_at"], mug["created_at"]);
        assert_eq!(changed["updated_at"], "2030-01-01T00:00:01.000000Z");
    }

    async fn what_cannot_be_is_refused_and_changes_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create_simple("Mug", "mug").await;
        clerk.create_simple("Cup", "cup").await;
        for (change, wrong) in [
            (json!({ "name": "" }), &["/name"][..]),
            (json!({ "name": " " }), &["/name"]),
            (json!({ "name": null }), &["/name"]),
            (json!({ "slug": null }), &["/slug"]),
            (json!({ "description": null }), &["/description"]),
            (json!({ "status": null }), &["/status"]),
            (json!({ "status": "sold" }), &["/status"]),
            (json!({ "variants": null }), &["/variants"]),
            (json!({ "variants": [] }), &["/variants"]),
            (json!({ "category_id": "mugs" }), &["/category_id"]),
            (json!({ "name": "a\0", "slug": "A", "description": "\0" }), &["/name", "/slug", "/description"]),
            (json!({ "id": "prd_1" }), &["/id"]),
            (json!({ "images": [] }), &["/images"]),
        ] {
            let refused = patch(&clerk, &mug, &change).await.expect(400);
            assert_eq!(refused["code"], "validation_failed", "{change}");
            assert_eq!(pointers(&refused), wrong, "{change}");
        }
        patch(&clerk, &mug, &json!({ "slug": "cup", "name": "New" })).await.expect_error(409, "the slug `cup` is taken");
        assert_eq!(app.stranger().get("/products/mug").await.expect(200), mug);
    }

    async fn a_search_knows_what_has_changed(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        let mug = clerk.create_simple("Old", "first").await;
        patch(&clerk, &mug, &json!({ "name": "New", "description": "glazed" })).await.expect(200);
        patch(&clerk, &mug, &json!({ "variants": [variant("second", 5)] })).await.expect(200);
        for gone in ["q=old", "q=first"] {
            assert_eq!(find(&anyone, gone).await, [""; 0], "{gone}");
        }
        for there in ["q=new", "q=glazed", "q=second"] {
            assert_eq!(find(&anyone, there).await, ["New"], "{there}");
        }
    }
}
