//! What holds for every route, read off the route table.

use kit_testing::{Examples, on_both_databases};
use queues_api::routes;

use crate::app::{Customer as _, Shop, instance};

kit_testing::meta_tests! {
    routes = routes();
    start = Shop::start;
    table = [
        "GET / public, own port",
        "GET /plans public",
        "POST /plans admin, idempotent",
        "GET /plans/{sku} public",
        "PATCH /plans/{sku} admin, conditional",
        "DELETE /plans/{sku} admin, conditional",
        "POST /plans/{sku}/purchase user, idempotent, strict, fails closed",
        "GET /service user",
        "POST /service/credentials/rotate user, strict, fails closed",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (root, ada) = (shop.admin().client, shop.sign_up("ada"));
        let mut examples = Examples::of(routes());
        examples.check(&shop.stranger(), "queues_health", "/").await;
        let (made, example) = examples.check(&root, "create_queue_plan", "/plans").await;
        assert_eq!(made, example);
        let (listed, example) = examples.check(&shop.stranger(), "list_queue_plans", "/plans").await;
        assert_eq!(listed, example);
        let (plan, example) = examples.check(&shop.stranger(), "get_queue_plan", "/plans/MQ-10").await;
        assert_eq!(plan, example);
        examples.check(&root, "update_queue_plan", "/plans/MQ-10").await;
        let (bought, _) = examples.check(&ada.client, "purchase_queue_plan", "/plans/MQ-10/purchase").await;
        let instance = instance(bought["subscription_id"].as_str().unwrap(), &ada, "MQ-10");
        shop.provision(&instance).await;
        shop.bind(&instance).await;
        examples.check(&ada.client, "get_queue_service", "/service").await;
        let (rotated, _) = examples.check(&ada.client, "rotate_queue_credentials", "/service/credentials/rotate").await;
        assert_eq!(rotated["username"], ada.client.service().await["username"]);
        let (retired, example) = examples.check(&root, "retire_queue_plan", "/plans/MQ-10").await;
        assert_eq!(retired, example);
        assert_eq!(examples.untried(), [""; 0]);
        shop.deprovision(&instance).await;
    }
}

#[test]
fn the_routes_stand_under_the_adapters_name_alone() {
    assert_eq!(routes().prefixes, ["/api/adapters/queues"]);
}
