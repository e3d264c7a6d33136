//! What holds for every route, read off the route table.

use catalog_api::routes;
use kit_testing::{Examples, on_both_databases};
use serde_json::json;

use crate::app::{PRODUCTS, path_of, start, text};

kit_testing::meta_tests! {
    routes = routes();
    start = start;
    table = [
        "GET / public, own port",
        "GET /products guest",
        "POST /products staff, idempotent",
        "POST /products/import staff, idempotent",
        "GET /products/{id} guest",
        "PATCH /products/{id} staff, conditional",
        "DELETE /products/{id} staff, conditional",
        "POST /products/{id}/images staff",
        "DELETE /products/{id}/images/{key} staff",
        "GET /images/{key} public",
        "GET /categories public",
        "POST /categories staff, idempotent",
        "GET /categories/{id} public",
        "PATCH /categories/{id} staff, conditional",
        "DELETE /categories/{id} staff, conditional",
        "GET /stock staff",
        "GET /stock/{sku} staff",
        "PUT /stock/{sku} staff, conditional",
        "POST /stock/{sku}/adjust staff, idempotent",
        "GET /stock/{sku}/movements staff",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, mut examples) = (app.staff(), Examples::of(routes()));
        let client = &clerk.client;
        assert_eq!(app.count(PRODUCTS).await, 0);
        // In an order in which each finds what it needs.
        examples.check(client, "catalog_health", "/").await;
        let (category, _) = examples.check(client, "create_category", "/categories").await;
        examples.check(client, "list_categories", "/categories").await;
        let category_path = path_of("categories", &category);
        examples.check(client, "get_category", &category_path).await;
        examples.check(client, "update_category", &category_path).await;
        let (product, _) = examples.check(client, "create_product", "/products").await;
        let product_path = path_of("products", &product);
        let placed = json!({ "category_id": category["id"] });
        client.send(http::Method::PATCH, &product_path, Some(&placed)).await.expect(200);
        examples.check(client, "list_products", "/products").await;
        examples.check(client, "get_product", &product_path).await;
        examples.check(client, "update_product", &product_path).await;
        let sku = text(&product["variants"][0]["sku"]);
        let stock = format!("/stock/{sku}");
        let (set, example) = examples.check(client, "set_stock", &stock).await;
        assert_eq!(set, example);
        examples.check(client, "get_stock", &stock).await;
        examples.check(client, "list_stock", "/stock").await;
        examples.check(client, "adjust_stock", &format!("{stock}/adjust")).await;
        examples.check(client, "list_stock_movements", &format!("{stock}/movements")).await;
        let (imported, example) = examples.check(client, "import_products", "/products/import").await;
        assert_eq!(imported, example);
        examples.check(client, "archive_product", &product_path).await;
        examples.check(client, "archive_category", &category_path).await;
        // What is no JSON is sent by the stories about pictures.
        assert_eq!(examples.untried(), ["add_image", "remove_image", "get_image"]);
    }
}
