//! Stock, as staff look at it and change it.

#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{Clerk as _, MOVEMENTS, pointers, product, start, text, variant};
use crate::books;

fn skus(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| text(&item["sku"])).collect()
}

on_both_databases! {
    async fn stock_is_counted_and_adjusted(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "MUG-1").await;
        assert_eq!(clerk.counts("MUG-1").await, (0, 0, 0));
        let set = clerk.send_stock("mug-1", 5).await.expect(200);
        assert_eq!(set, json!({ "sku": "MUG-1", "on_hand": 5, "reserved": 0, "available": 5 }));
        let adjusted = clerk.send_adjust("Mug-1", -2).await.expect(200);
        assert_eq!(adjusted, json!({ "sku": "MUG-1", "on_hand": 3, "reserved": 0, "available": 3 }));
        assert_eq!(app.stranger().get("/products/mug").await.expect(200)["variants"][0]["available"], 3);
        books::are_in_order(&app).await;
    }

    async fn every_change_is_remembered(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 5).await;
        app.process.time.advance(std::time::Duration::from_secs(1));
        let lost = json!({ "delta": -2, "reason": "two were broken" });
        clerk.client.post("/stock/mug/adjust", &lost).await.expect(200);
        let movements = clerk.client.get("/stock/mug/movements").await.expect(200);
        assert_eq!(movements, json!({
            "items": [
                {
                    "number": 2, "kind": "adjusted", "on_hand_delta": -2, "reserved_delta": 0, "on_hand": 3,
                    "reserved": 0, "reason": "two were broken", "user_id": clerk.id, "order_id": null,
                    "at": "2030-01-01T00:00:01.000000Z",
                },
                {
                    "number": 1, "kind": "set", "on_hand_delta": 5, "reserved_delta": 0, "on_hand": 5,
                    "reserved": 0, "reason": null, "user_id": clerk.id, "order_id": null, "at": "2030-01-01T00:00:00.000000Z",
                },
            ],
            "next_cursor": null,
        }));
        let first = clerk.client.get("/stock/mug/movements?limit=1").await;
        assert!(first.header("link").starts_with("<?limit=1&cursor="), "{}", first.header("link"));
        let cursor = text(&first.expect(200)["next_cursor"]);
        let rest = clerk.client.get(&format!("/stock/mug/movements?cursor={cursor}")).await.expect(200);
        assert_eq!(rest["items"], json!([movements["items"][1]]));
    }

    async fn what_is_known_already_is_no_change(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        for _ in 0..3 {
            clerk.set_stock("mug", 0).await;
        }
        assert_eq!(app.count(MOVEMENTS).await, 0);
        for _ in 0..3 {
            clerk.set_stock("mug", 5).await;
        }
        assert_eq!(app.count(MOVEMENTS).await, 1);
        books::are_in_order(&app).await;
    }

    async fn stock_is_never_less_than_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 5).await;
        let refused = clerk.send_adjust("mug", -6).await;
        refused.expect_error(409, "on hand cannot be less than what is reserved, which is 0");
        assert_eq!(refused.json()["code"], "below_reserved");
        clerk.set_stock("mug", 1_000_000_000).await;
        let refused = clerk.send_adjust("mug", 1).await;
        refused.expect_error(409, "on hand cannot be more than 1000000000");
        assert_eq!(refused.json()["code"], "stock_limit_exceeded");
        assert_eq!(clerk.counts("mug").await, (1_000_000_000, 0, 1_000_000_000));
        books::are_in_order(&app).await;
    }

    async fn what_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        for (on_hand, wrong) in [
            ("-1", "/on_hand"), ("1000000001", "/on_hand"), ("9223372036854775807", "/on_hand"), ("1.5", "/on_hand"),
            ("9223372036854775808", "/on_hand"), ("\"5\"", "/on_hand"), ("null", "/on_hand"), ("5,\"reserved\":0", "/reserved"),
        ] {
            let body = format!("{{\"on_hand\":{on_hand}}}");
            let refused = clerk.client.send_raw(http::Method::PUT, "/stock/mug", Some("application/json"), body.into()).await;
            assert_eq!(pointers(&refused.expect(400)), [wrong], "{on_hand}");
        }
        for (body, wrong) in [
            (json!({ "delta": 0, "reason": "x" }), &["/delta"][..]),
            (json!({ "delta": i64::MIN, "reason": "x" }), &["/delta"]),
            (json!({ "delta": i64::MAX, "reason": "" }), &["/delta", "/reason"]),
            (json!({ "delta": 1, "reason": "\0" }), &["/reason"]),
            (json!({ "delta": 1, "reason": "x".repeat(201) }), &["/reason"]),
            (json!({ "delta": 1 }), &["/reason"]),
            (json!({ "delta": 1, "reason": "x", "user_id": clerk.id }), &["/user_id"]),
        ] {
            let refused = clerk.client.post("/stock/mug/adjust", &body).await.expect(400);
            assert_eq!(pointers(&refused), wrong, "{body}");
        }
        assert_eq!(app.count(MOVEMENTS).await, 0);
    }

    async fn a_sku_that_there_never_was_has_no_stock(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.client.get("/stock/nope").await.expect_error(404, "Stock not found");
        clerk.client.get("/stock/nope/movements").await.expect_error(404, "Stock not found");
        clerk.send_stock("nope", 1).await.expect_error(404, "Stock not found");
        clerk.send_adjust("nope", 1).await.expect_error(404, "Stock not found");
        for sku in ["a%20b", "%00", "%F0%9F%A6%80", &"x".repeat(65), "a%2Fb"] {
            let path = format!("/stock/{sku}");
            assert_eq!(clerk.client.get(&path).await.expect(400)["code"], "invalid_path", "{sku}");
            assert_eq!(clerk.send_stock(sku, 1).await.expect(400)["code"], "invalid_path", "{sku}");
        }
    }

    async fn stock_is_listed_by_sku_and_by_what_runs_out(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let variants = ["b_1", "B-2", "a1", "C.3", "bx1"].map(|sku| variant(sku, 5));
        clerk.create(&json!({ "name": "Mug", "variants": variants })).await;
        for (sku, on_hand) in [("a1", 1), ("b-2", 20), ("C.3", 3)] {
            clerk.set_stock(sku, on_hand).await;
        }
        let list = async |query: &str| skus(&clerk.client.get(&format!("/stock?{query}")).await.expect(200));
        assert_eq!(list("").await, ["a1", "B-2", "b_1", "bx1", "C.3"]);
        assert_eq!(list("below=4").await, ["a1", "b_1", "bx1", "C.3"]);
        assert_eq!(list("below=4&q=B").await, ["b_1", "bx1"]);
        assert_eq!(list("q=b_1").await, ["b_1"], "a sign that stands for itself");
        assert_eq!(list("q=.").await, ["C.3"]);
        assert_eq!(list("below=0").await, [""; 0]);
        assert_eq!(list("below=-9223372036854775808").await, [""; 0]);
        for odd in ["%25", "%27", "%5C", "a%20b", "%00", "%F0%9F%A6%80"] {
            assert_eq!(list(&format!("q={odd}")).await, [""; 0], "{odd}");
        }
        // Page by page, with the same filter in the link.
        let first = clerk.client.get("/stock?limit=2&below=4").await;
        assert_eq!(skus(&first.expect(200)), ["a1", "b_1"]);
        let link = first.header("link").to_owned();
        let next = link.trim_start_matches('<').split('>').next().unwrap_or_default();
        assert_eq!(list(next.trim_start_matches('?')).await, ["bx1", "C.3"]);
        for query in ["below=few", "limit=0", "cursor=%21", "cursor=YSBi", "sort=sku", "below=1&below=2"] {
            let refused = clerk.client.get(&format!("/stock?{query}")).await.expect(400);
            assert_eq!(refused["code"], "invalid_query", "{query}");
        }
    }

    async fn stock_is_for_staff(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, ada) = (app.staff(), app.sign_up("ada"));
        clerk.create(&product("Mug", "mug", 5)).await;
        ada.send_stock("mug", 99).await.expect_error(403, "this needs the role `staff`");
        ada.send_adjust("mug", 99).await.expect_error(403, "this needs the role `staff`");
        ada.client.get("/stock/mug").await.expect_error(403, "this needs the role `staff`");
        assert_eq!(clerk.counts("mug").await, (0, 0, 0));
        app.admin().set_stock("mug", 1).await;
    }
}
