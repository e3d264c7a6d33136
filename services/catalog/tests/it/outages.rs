//! The database goes away, and comes back.

use kit_testing::{Fixture, Reply};

use crate::app::{Clerk as _, builder, product, start};
use crate::books;

fn is_away(reply: &Reply) {
    reply.expect_error(503, "Catalog service unavailable");
    assert!(!reply.header("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_catalog_asks_to_come_back_later() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = builder(fixture).start_behind_proxy().await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        clerk.create_simple("Mug", "mug").await;
        proxy.cut();
        assert!(!app.process.readiness.report().await.ready);
        let keyed = clerk.keyed("key");
        is_away(&keyed.send_adjust("mug", 1).await);
        is_away(&clerk.send_stock("mug", 5).await);
        is_away(&clerk.client.post("/products", &product("Cup", "cup", 5)).await);
        for path in ["/products", "/products/mug", "/products?q=mug", "/categories"] {
            is_away(&anyone.get(path).await);
        }
        // What needs no database is answered as ever.
        anyone.get("/").await.expect(200);
        clerk
            .client
            .post("/products", &product("", "cup", 5))
            .await
            .expect(400);
        anyone.get("/products?q=*").await.expect(200);

        proxy.mend();
        keyed.send_adjust("mug", 1).await.expect(200);
        keyed.send_adjust("mug", 1).await.expect(200);
        assert_eq!(clerk.counts("mug").await, (1, 0, 1));
        assert!(app.process.readiness.report().await.ready);
        books::are_in_order(&app).await;
    })
    .await;
}

kit_testing::on_both_databases! {
    async fn what_was_acknowledged_is_there_after_a_restart(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let made = clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 5).await;
        app.stop().await;
        let app = start(fixture).await;
        let seen = app.stranger().get("/products?q=mug").await.expect(200)["items"][0].clone();
        assert_eq!((&seen["id"], &seen["variants"][0]["available"]), (&made["id"], &serde_json::json!(5)));
        books::are_in_order(&app).await;
    }
}
