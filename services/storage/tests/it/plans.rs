//! Plans, as admins keep them.

use http::Method;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Customer as _, Shop, plan};

on_both_databases! {
    async fn a_plan_is_made_changed_and_retired(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (root, anyone) = (shop.admin(), shop.stranger());
        let made = root.client.post("/plans", &plan("S3-Small")).await.expect(201);
        let shown = json!({
            "sku": "S3-Small", "name": "Small", "description": "", "price": { "amount_minor": 499, "currency": "USD" },
            "duration_days": 30, "quota_bytes": 1_000_000, "features": [], "retired": false,
        });
        assert_eq!(made, shown);
        let got = anyone.get("/plans/s3-small").await;
        assert_eq!((got.expect(200), got.header("etag")), (shown.clone(), "\"1\""), "whatever the case");
        assert_eq!(anyone.get("/plans").await.expect(200), json!({ "items": [shown], "next_cursor": null }));

        let change = json!({ "name": "Box", "quota_bytes": 5, "features": ["five bytes"], "price": { "amount_minor": 1, "currency": "EUR" } });
        let changed = root.client.patch("S3-Small", change).await;
        assert_eq!(changed.header("etag"), "\"2\"");
        let mut expected = shown.clone();
        expected["name"] = json!("Box");
        expected["quota_bytes"] = json!(5);
        expected["features"] = json!(["five bytes"]);
        expected["price"] = json!({ "amount_minor": 1, "currency": "EUR" });
        assert_eq!(changed.expect(200), expected);
        assert_eq!(root.client.patch("S3-Small", json!({})).await.header("etag"), "\"2\"", "nothing to change");

        let retired = root.client.delete("/plans/S3-Small").await;
        expected["retired"] = json!(true);
        assert_eq!((retired.expect(200), retired.header("etag")), (expected.clone(), "\"3\""));
        assert_eq!(root.client.delete("/plans/S3-Small").await.header("etag"), "\"3\"", "it is retired already");
        assert_eq!(anyone.get("/plans").await.expect(200), json!({ "items": [], "next_cursor": null }));
        assert_eq!(anyone.get("/plans/S3-Small").await.expect(200), expected);
        let refused = shop.sign_up("ada").client.purchase("S3-Small").await;
        refused.expect_error(409, "the plan is not sold any more");
        assert_eq!(refused.json()["code"], "plan_retired");
    }

    async fn a_sku_is_one_plan_for_ever(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("S3-Small").await;
        let root = shop.admin();
        root.client.delete("/plans/S3-Small").await.expect(200);
        let refused = root.client.post("/plans", &plan("s3-SMALL")).await;
        refused.expect_error(409, "there is a plan `s3-SMALL` already");
        assert_eq!(refused.json()["code"], "sku_taken");
        let keyed = root.keyed("once").client;
        let made = keyed.post("/plans", &plan("other")).await;
        assert_eq!(made.status, 201);
        assert_eq!(keyed.post("/plans", &plan("other")).await.body, made.body);
        keyed.post("/plans", &plan("another")).await.expect(422);
    }

    async fn who_has_seen_an_older_plan_changes_nothing(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let root = shop.admin().client;
        root.patch("a", json!({ "name": "First" })).await.expect(200);
        let late = root.with("if-match", "\"1\"");
        late.patch("a", json!({ "name": "Second" })).await.expect(412);
        late.send(Method::DELETE, "/plans/a", None).await.expect(412);
        let shown = root.get("/plans/a").await.expect(200);
        assert_eq!((&shown["name"], &shown["retired"]), (&json!("First"), &json!(false)));
        root.with("if-match", "\"2\"").patch("a", json!({ "name": "Second" })).await.expect(200);
    }

    async fn plans_are_listed_by_sku_a_page_at_a_time(fixture: &Fixture) {
        let mut shop = Shop::start(fixture).await;
        for sku in ["c", "A", "b"] {
            shop = shop.with(sku).await;
        }
        let first = shop.stranger().get("/plans?limit=2").await;
        let (page, link) = (first.expect(200), first.header("link").to_owned());
        let skus = |page: &serde_json::Value| {
            let items = page["items"].as_array().unwrap();
            items.iter().map(|plan| plan["sku"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(skus(&page), ["A", "b"]);
        assert!(link.ends_with("; rel=\"next\""), "{link}");
        let cursor = page["next_cursor"].as_str().unwrap();
        let last = shop.stranger().get(&format!("/plans?limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!((skus(&last), &last["next_cursor"]), (vec!["c".to_owned()], &json!(null)));
    }
}
