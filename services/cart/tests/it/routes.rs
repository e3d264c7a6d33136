//! What holds for every route, read off the route table.

use cart_api::routes;
use kit_testing::{Examples, on_both_databases};
use serde_json::json;

use crate::app::Shop;

kit_testing::meta_tests! {
    routes = routes();
    start = Shop::start;
    table = [
        "GET / public, own port",
        "GET /cart guest",
        "DELETE /cart guest, conditional",
        "POST /cart/items guest, strict",
        "PUT /cart/items/{sku} guest, conditional",
        "DELETE /cart/items/{sku} guest, conditional",
        "POST /cart/merge user",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        shop.clerk().offer("MUG-BLUE", 1250, 9).await;
        let mut examples = Examples::of(routes());
        let stranger = shop.stranger();
        examples.check(&stranger, "cart_health", "/").await;
        let (made, example) = examples.check(&stranger, "add_cart_item", "/cart/items").await;
        assert_eq!((&made["total"], &made["items"][0]["name"]), (&example["total"], &json!("A MUG-BLUE")));
        let token = made["guest_token"].as_str().unwrap();
        let guest = stranger.with("x-cart-token", token);
        examples.check(&guest, "get_cart", "/cart").await;
        let (set, example) = examples.check(&guest, "set_cart_item", "/cart/items/MUG-BLUE").await;
        assert_eq!(set["total"], example["total"]);
        let (emptied, example) = examples.check(&guest, "remove_cart_item", "/cart/items/MUG-BLUE").await;
        assert_eq!(emptied, example);
        let (emptied, example) = examples.check(&guest, "empty_cart", "/cart").await;
        assert_eq!(emptied, example);
        let ada = shop.sign_up("ada").client;
        ada.post("/cart/items", &json!({ "sku": "MUG-BLUE", "quantity": 2 })).await.expect(200);
        examples.check(&ada, "merge_cart", "/cart/merge").await;
        assert_eq!(examples.untried(), [""; 0]);
    }
}

#[test]
fn the_document_names_the_guests_header() {
    let document = kit_testing::routes::document(&routes());
    let parameters = document["paths"]["/cart"]["get"]["parameters"]
        .as_array()
        .unwrap();
    assert!(
        parameters
            .iter()
            .any(|one| one["name"] == "X-Cart-Token" && one["in"] == "header")
    );
}
