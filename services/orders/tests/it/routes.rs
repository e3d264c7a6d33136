//! What holds for every route, read off the route table.

use kit_testing::{App, Examples, Fixture, on_both_databases};
use orders_api::routes;

use crate::app::{Shop, text};

/// Orders alone.
async fn start(fixture: &Fixture) -> App {
    Shop::open(fixture).await.orders
}

kit_testing::meta_tests! {
    routes = routes();
    start = start;
    table = [
        "GET / public, own port",
        "POST /orders guest, idempotent",
        "GET /orders user",
        "GET /orders/{id} holder",
        "GET /orders/{id}/timeline holder",
        "GET /orders/{id}/events holder",
        "POST /orders/{id}/cancel holder, idempotent, fails closed",
        "PUT /orders/{id}/shipping-address staff, conditional",
        "GET /admin/orders staff",
        "GET /admin/orders/{id} staff",
        "POST /admin/orders/{id}/ship staff",
        "POST /admin/orders/{id}/deliver staff",
        "POST /admin/orders/{id}/refund staff, idempotent, fails closed",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("MUG-BLUE", 1250, 10).await;
        let (ada, mut examples) = (shop.buyer("ada"), Examples::of(routes()));
        let (buyer, staff) = (&ada.orders.client, &shop.clerk.client);
        examples.check(buyer, "orders_health", "/").await;
        let (placed, _) = examples.check(buyer, "create_order", "/orders").await;
        let id = text(&placed["id"]);
        ada.becomes(&id, "confirmed").await;
        ada.pay(&id).await.expect(200);
        ada.becomes(&id, "paid").await;
        let path = format!("/orders/{id}");
        examples.check(buyer, "list_orders", "/orders").await;
        examples.check(buyer, "get_order", &path).await;
        examples.check(buyer, "get_order_timeline", &format!("{path}/timeline")).await;
        examples.check(staff, "set_shipping_address", &format!("{path}/shipping-address")).await;
        examples.check(staff, "list_all_orders", "/admin/orders").await;
        examples.check(staff, "get_any_order", &format!("/admin{path}")).await;
        examples.check(staff, "ship_order", &format!("/admin{path}/ship")).await;
        examples.check(staff, "deliver_order", &format!("/admin{path}/deliver")).await;
        let body = examples.body("create_order").clone();
        let other = text(&buyer.post("/orders", &body).await.expect(201)["id"]);
        ada.becomes(&other, "confirmed").await;
        ada.pay(&other).await.expect(200);
        ada.becomes(&other, "paid").await;
        examples.check(staff, "refund_order", &format!("/admin/orders/{other}/refund")).await;
        let other = text(&buyer.post("/orders", &body).await.expect(201)["id"]);
        examples.check(buyer, "cancel_order", &format!("/orders/{other}/cancel")).await;
        // Its stories are told of in `streaming`.
        assert_eq!(examples.untried(), ["stream_order_events"]);
    }
}
