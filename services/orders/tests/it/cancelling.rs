//! Giving orders up.

use futures::future::join_all;
use kit_testing::{eventually, on_both_databases};
use payments_api::PaymentStatus;
use serde_json::json;

use crate::app::Shop;
use crate::books;

on_both_databases! {
    async fn before_it_is_paid_its_stock_is_free_again(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 2)]).await;
        assert_eq!(ada.cancel(&id).await.expect(200)["status"], "cancelled");
        shop.counts_become("mug", (5, 0)).await;
        eventually("payments have heard of it", async || {
            let payment = shop.payment(&id).await?;
            (payment.status == PaymentStatus::Cancelled).then_some(())
        })
        .await;
        ada.pay(&id).await.expect(409);
        assert_eq!(ada.timeline(&id).await, ["pending", "confirmed", "cancelled"]);
        books::agree(&shop).await;
    }

    async fn after_it_is_paid_everything_comes_back(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 2)]).await;
        assert_eq!(ada.cancel(&id).await.expect(200)["status"], "cancelled");
        shop.counts_become("mug", (5, 0)).await;
        let order = ada.until(&id, |order| order["refunded"] == order["total"]).await;
        assert_eq!(order["status"], "cancelled");
        let movements = shop.catalog.staff().client.get("/stock/mug/movements").await.expect(200);
        assert_eq!(movements["items"][0]["kind"], "restocked");
        books::agree(&shop).await;
    }

    async fn at_once_with_its_beginning_it_holds_nothing(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        for _ in 0..10 {
            let id = ada.create(&[("mug", 5)]).await;
            let replies = join_all((0..3).map(|_| ada.cancel(&id))).await;
            // A rejection may have come first, of one whose forerunner holds everything yet.
            assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status.as_u16())));
        }
        books::agree(&shop).await;
        assert_eq!(shop.counts("mug").await, (5, 0));
    }

    async fn staff_may_and_others_may_not(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        let id = ada.confirm(&[("mug", 2)]).await;
        eve.cancel(&id).await.expect_error(404, "Order not found");
        assert_eq!(ada.status(&id).await, "confirmed");
        let path = format!("/orders/{id}/cancel");
        let cancelled = shop.clerk.client.send(http::Method::POST, &path, None).await.expect(200);
        assert_eq!(cancelled["reason"], "requested");
        // Staff see who it was, buyers do not.
        let path = format!("/orders/{id}/timeline");
        let seen = shop.clerk.client.get(&path).await.expect(200);
        let actors: Vec<_> = seen["items"].as_array().into_iter().flatten().map(|item| &item["actor"]).collect();
        assert_eq!(actors, [&json!(ada.orders.id), &json!("orders"), &json!(shop.clerk.id)]);
        let seen = ada.orders.client.get(&path).await.expect(200);
        assert!(seen["items"][2]["actor"].is_null());
        books::agree(&shop).await;
    }
}
