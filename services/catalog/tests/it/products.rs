//! Making products, and looking at one.

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Clerk as _, PRODUCTS, dollars, path_of, pointers, product, start, text, variant};

on_both_databases! {
    async fn a_product_is_seen_as_it_was_made(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let category = clerk.create_category("Mugs", None).await;
        let made = clerk.create(&json!({
            "name": "Blue Mug", "description": "Stoneware, 300 ml", "category_id": category,
            "variants": [
                { "sku": "MUG-L", "options": { "size": "L", "colour": "blue" }, "price": dollars(1250) },
                { "sku": "mug-S", "options": { "size": "S", "colour": "blue" }, "price": dollars(990) },
            ],
        })).await;
        let id = text(&made["id"]);
        assert!(id.starts_with("prd_"), "{id}");
        assert_eq!(made, json!({
            "id": id, "slug": "blue-mug", "name": "Blue Mug", "description": "Stoneware, 300 ml",
            "status": "active", "category_id": category, "images": [],
            "variants": [
                { "sku": "MUG-L", "options": { "colour": "blue", "size": "L" }, "price": dollars(1250), "available": 0 },
                { "sku": "mug-S", "options": { "colour": "blue", "size": "S" }, "price": dollars(990), "available": 0 },
            ],
            "created_at": "2030-01-01T00:00:00.000000Z", "updated_at": "2030-01-01T00:00:00.000000Z",
        }));
        for person in [app.stranger(), app.sign_up("ada").client, clerk.client] {
            for path in [format!("/products/{id}"), "/products/blue-mug".to_owned()] {
                assert_eq!(person.get(&path).await.expect(200), made);
            }
        }
    }

    async fn what_is_not_there_is_404(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let nobody = "prd_0190c2a4-7c1e-7b3e-9c53-000000000000";
        for path in ["nope", nobody, "prd_nope", "%00", "%20", "a%2Fb", "%F0%9F%A6%80", "'--", "Blue-Mug"] {
            app.stranger().get(&format!("/products/{path}")).await.expect_error(404, "Product not found");
        }
        let path = format!("/products/{nobody}");
        clerk.client.send(http::Method::PATCH, &path, Some(&json!({}))).await.expect_error(404, "Product not found");
        clerk.client.delete(&path).await.expect_error(404, "Product not found");
        // Bytes that are no text.
        assert_eq!(app.stranger().get("/products/%FF").await.expect(400)["code"], "invalid_path");
        clerk.client.delete("/products/blue-mug").await.expect(400);
    }

    async fn only_staff_make_products(fixture: &Fixture) {
        let app = start(fixture).await;
        let body = json!({ "name": "x", "variants": [] });
        app.stranger().post("/products", &body).await.expect(401);
        app.sign_up("eve").client.post("/products", &body).await.expect(403);
        app.admin().client.post("/products", &body).await.expect(400);
        assert_eq!(app.count(PRODUCTS).await, 0);
        app.admin().create_simple("Mug", "mug").await;
        assert_eq!(app.count(PRODUCTS).await, 1);
    }

    async fn a_sku_is_one_products_whatever_its_case(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "MUG-1").await;
        for sku in ["MUG-1", "mug-1", "Mug-1"] {
            let two = json!({ "name": "Other", "variants": [variant("free", 5), variant(sku, 5)] });
            let refused = clerk.client.post("/products", &two).await;
            refused.expect_error(409, "the SKU `MUG-1` belongs to another product");
            assert_eq!(refused.json()["code"], "sku_taken");
        }
        assert_eq!(app.count(PRODUCTS).await, 1, "nothing of it is left");
        clerk.create_simple("Other", "free").await;
    }

    async fn of_many_who_want_a_sku_one_gets_it(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let asking = (0..20).map(|number| {
            let client = clerk.client.clone();
            // In another order each time, so that they would wait for each other in a circle.
            let mut variants = vec![variant("a", 5), variant("b", 5), variant("c", 5)];
            variants.rotate_left(number % 3);
            let body = json!({ "name": "Mug", "variants": variants });
            async move { client.post("/products", &body).await.status.as_u16() }
        });
        let mut statuses = futures::future::join_all(asking).await;
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201);
        assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
        assert_eq!(app.count(PRODUCTS).await, 1);
    }

    async fn slugs_are_made_of_names_and_stay_unique(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let first = clerk.create_simple("Crème brûlée", "a").await;
        let second = clerk.create_simple("creme BRULEE", "b").await;
        assert_eq!(first["slug"], "creme-brulee");
        let slug = text(&second["slug"]);
        assert!(slug.starts_with("creme-brulee-"), "{slug}");
        assert_eq!(app.stranger().get(&format!("/products/{slug}")).await.expect(200)["id"], second["id"]);
        assert_eq!(clerk.create_simple("茶碗", "c").await["slug"], "product");
        let mut asked = product("x", "d", 5);
        asked["slug"] = json!("creme-brulee");
        clerk.client.post("/products", &asked).await.expect_error(409, "the slug `creme-brulee` is taken");
        asked["slug"] = json!("my-own");
        assert_eq!(clerk.create(&asked).await["slug"], "my-own");
    }

    async fn a_product_stands_in_a_category_that_there_is(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mut body = product("Mug", "mug", 5);
        body["category_id"] = json!("cat_0190c2a4-7c1e-7b3e-9c53-000000000000");
        let refused = clerk.client.post("/products", &body).await.expect(400);
        assert_eq!(pointers(&refused), ["/category_id"]);
        assert_eq!(app.count(PRODUCTS).await, 0);
    }

    async fn odd_names_are_kept_as_they_are(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let description = "ö".repeat(10_000);
        for (number, name) in ["🦀'\";--", "%_\\", "<script>", "a\nb", &"x".repeat(200)].iter().enumerate() {
            let mut body = product(name, &format!("s{number}"), 5);
            body["description"] = json!(description);
            let made = clerk.create(&body).await;
            let seen = app.stranger().get(&path_of("products", &made)).await.expect(200);
            assert_eq!((seen["name"].as_str(), seen["description"].as_str()), (Some(*name), Some(&*description)));
        }
    }
}
