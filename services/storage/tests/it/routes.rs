//! What holds for every route, read off the route table.

use http::Method;
use kit_testing::{Examples, on_both_databases};
use storage_api::routes;

use crate::app::{Customer as _, Shop, instance, target};

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
        "GET /service/objects user",
        "POST /service/presign user",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let shop = Shop::start_now(fixture).await;
        let (root, ada) = (shop.admin().client, shop.sign_up("ada"));
        let mut examples = Examples::of(routes());
        examples.check(&shop.stranger(), "storage_health", "/").await;
        let (made, example) = examples.check(&root, "create_plan", "/plans").await;
        assert_eq!(made, example);
        let (listed, example) = examples.check(&shop.stranger(), "list_plans", "/plans").await;
        assert_eq!(listed, example);
        let (plan, example) = examples.check(&shop.stranger(), "get_plan", "/plans/S3-10GB").await;
        assert_eq!(plan, example);
        examples.check(&root, "update_plan", "/plans/S3-10GB").await;
        let (bought, _) = examples.check(&ada.client, "purchase_plan", "/plans/S3-10GB/purchase").await;
        let instance = instance(bought["subscription_id"].as_str().unwrap(), &ada, "S3-10GB");
        shop.provision(&instance).await;
        shop.bind(&instance).await;
        examples.check(&ada.client, "get_service", "/service").await;
        let (signed, _) = examples.check(&ada.client, "presign_object", "/service/presign").await;
        let s3 = shop.s3(&ada).await;
        let put = s3.send_raw(Method::PUT, &target(&signed), Some("image/jpeg"), "owl".into()).await;
        assert_eq!(put.status, 200);
        examples.check(&ada.client, "list_objects", "/service/objects").await;
        let (rotated, _) = examples.check(&ada.client, "rotate_credentials", "/service/credentials/rotate").await;
        assert_eq!(rotated["access_key_id"], ada.client.service().await["access_key_id"]);
        let (retired, example) = examples.check(&root, "retire_plan", "/plans/S3-10GB").await;
        assert_eq!(retired, example);
        assert_eq!(examples.untried(), [""; 0]);
    }
}

#[test]
fn the_routes_stand_under_their_own_prefixes_alone() {
    assert_eq!(routes().prefixes, ["/api/storage", "/storage"]);
}
