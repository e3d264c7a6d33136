//! What is archived is for staff alone.

use http::Method;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Clerk as _, find, path_of, start};

on_both_databases! {
    async fn an_archived_product_is_gone_for_customers(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, ada) = (app.staff(), app.sign_up("ada"));
        let mug = clerk.create_simple("Mug", "mug").await;
        let path = path_of("products", &mug);
        let archived = clerk.client.delete(&path).await.expect(200);
        assert_eq!(archived["status"], "archived");
        for client in [&app.stranger(), &ada.client] {
            client.get(&path).await.expect_error(404, "Product not found");
            client.get("/products/mug").await.expect_error(404, "Product not found");
            for query in ["", "q=mug", "status=active", "status=archived", "sort=price"] {
                assert_eq!(find(client, query).await, [""; 0], "{query}");
            }
            let facets = client.get("/products?status=archived").await.expect(200);
            assert_eq!(facets["facets"], json!({ "category": [], "price": { "min": null, "max": null } }));
        }
        assert_eq!(clerk.client.get("/products/mug").await.expect(200), archived);
        assert_eq!(find(&clerk.client, "status=archived").await, ["Mug"]);
        assert_eq!(find(&clerk.client, "q=mug&status=archived").await, ["Mug"]);
        assert_eq!(find(&clerk.client, "").await, [""; 0], "what is for sale, also for staff");
    }

    async fn archiving_twice_changes_nothing_more(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let path = path_of("products", &clerk.create_simple("Mug", "mug").await);
        let first = clerk.client.delete(&path).await;
        let second = clerk.client.delete(&path).await;
        assert_eq!(first.expect(200), second.expect(200));
        assert_eq!(first.header("etag"), second.header("etag"));
    }

    async fn a_product_comes_back_from_the_archive(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let path = path_of("products", &clerk.create_simple("Mug", "mug").await);
        clerk.set_stock("mug", 4).await;
        clerk.client.delete(&path).await.expect(200);
        assert_eq!(clerk.counts("mug").await, (4, 0, 4), "its stock is there all the while");
        let back = clerk.client.send(Method::PATCH, &path, Some(&json!({ "status": "active" }))).await.expect(200);
        assert_eq!((&back["status"], &back["variants"][0]["available"]), (&json!("active"), &json!(4)));
        assert_eq!(find(&app.stranger(), "q=mug").await, ["Mug"]);
    }

    async fn what_is_archived_keeps_its_sku_and_slug(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let path = path_of("products", &clerk.create_simple("Mug", "mug").await);
        clerk.client.delete(&path).await.expect(200);
        let mut again = crate::app::product("Mug", "MUG", 5);
        clerk.client.post("/products", &again).await.expect_error(409, "the SKU `mug` belongs to another product");
        again["variants"][0]["sku"] = json!("mug-2");
        assert_ne!(clerk.create(&again).await["slug"], "mug");
    }
}
