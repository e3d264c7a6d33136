//! The catalog goes away, or the database.

use catalog_api::CatalogClient;
use kit_rpc::ContractClient as _;
use kit_testing::{App, Fixture, Reply, on_both_databases};

use crate::app::{CARTS, Shop, Shopper as _, lines, named};

fn is_away(reply: &Reply, service: &str) {
    reply.expect_error(503, &format!("{service} service unavailable"));
    assert!(!reply.header("retry-after").is_empty());
}

on_both_databases! {
    async fn without_the_catalog_a_cart_has_no_prices_and_changes_nothing(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 9).await;
        let ada = shop.sign_up("ada");
        ada.client.add("mug", 2).await;
        // The same carts, and a catalog that was there a moment ago.
        let elsewhere = fixture.process();
        let gone = shop.process.serve(shop.catalog.internal.clone()).await;
        let identity = ada.identity.clone();
        shop.stop().await;
        let app = App::of(fixture, cart::service())
            .process(elsewhere.clone())
            .peer(CatalogClient::of_peer(elsewhere.remote(gone)))
            .out_of_reach(auth_api::TOPICS)
            .start()
            .await;
        let (ada, guest) = (app.person(identity).client, app.stranger());
        is_away(&ada.get("/cart").await, "Catalog");
        is_away(&ada.send_add("mug", 1).await, "Catalog");
        is_away(&guest.send_add("mug", 1).await, "Catalog");
        is_away(&ada.send_set("mug", 1).await, "Catalog");
        is_away(&ada.send_remove("mug").await, "Catalog");
        is_away(&ada.send_merge("").await, "Catalog");
        // What needs no prices goes on.
        assert_eq!(lines(&guest.cart().await), []);
        assert_eq!(app.count(CARTS).await, 1);
        assert_eq!(app.rows("SELECT quantity FROM cart_lines").await[0].get::<i64>("quantity").unwrap(), 2);
        ada.delete("/cart").await.expect(200);
        assert_eq!(lines(&ada.cart().await), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_cart_asks_to_come_back_later() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let process = fixture.process();
        let catalog = App::of(fixture, catalog::service())
            .out_of_reach(orders_api::TOPICS)
            .process(process.clone())
            .target(fixture.target_of("catalog").await)
            .start()
            .await;
        let (app, proxy) = App::of(fixture, cart::service())
            .process(process)
            .peer(catalog.contract::<CatalogClient>())
            .out_of_reach(auth_api::TOPICS)
            .start_behind_proxy()
            .await;
        let ada = app.sign_up("ada").client;
        proxy.cut();
        assert!(!app.process.readiness.report().await.ready);
        for reply in [
            ada.get("/cart").await,
            ada.send_add("mug", 1).await,
            ada.send_set("mug", 1).await,
            ada.send_remove("mug").await,
            ada.delete("/cart").await,
        ] {
            is_away(&reply, "Cart");
        }
        // What needs no database is answered as ever.
        app.stranger().get("/").await.expect(200);
        assert_eq!(app.stranger().lines().await, named(&[]));
        ada.send_add("mug", 0).await.expect(400);
        proxy.mend();
        assert_eq!(ada.lines().await, named(&[]));
        assert!(app.process.readiness.report().await.ready);
    })
    .await;
}
