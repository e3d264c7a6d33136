//! Others go away, and come back; and so do orders.

use std::time::Duration;

use kit_testing::{Fixture, eventually, on_both_databases};
use serde_json::json;

use crate::app::{LineState, ORDERS, Shop, orders_builder, start_catalog, start_payments, text};
use crate::books;

/// Time goes on until an order is so far.
async fn becomes_in_time(fixture: &Fixture, buyer: &crate::app::Buyer, id: &str, status: &str) {
    eventually("the order goes on", async || {
        fixture.advance(Duration::from_millis(200));
        (buyer.status(id).await == status).then_some(())
    })
    .await;
}

on_both_databases! {
    async fn while_payments_are_away_orders_wait(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        for state in [LineState::Cut, LineState::LosesAnswers] {
            shop.line.set(state);
            let id = ada.create(&[("mug", 1)]).await;
            eventually("it was tried three times", async || {
                fixture.advance(Duration::from_millis(200));
                let tried = "SELECT tries FROM order_steps WHERE step = 'open_payment' AND tries > 2";
                (shop.orders.count(tried).await == 1).then_some(())
            })
            .await;
            assert_eq!(ada.status(&id).await, "pending");
            shop.line.set(LineState::Works);
            becomes_in_time(fixture, &ada, &id, "confirmed").await;
        }
        assert_eq!(shop.orders.count("SELECT event_id FROM parked").await, 0, "nothing is a dead letter");
        books::agree(&shop).await;
    }

    async fn while_payments_stay_away_an_order_is_given_up(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        shop.line.set(LineState::LosesAnswers);
        let id = ada.create(&[("mug", 1)]).await;
        eventually("the payment is open, and nobody knows", async || shop.payment(&id).await).await;
        fixture.advance(Duration::from_mins(10));
        let cancelled = ada.becomes(&id, "cancelled").await;
        assert_eq!(cancelled["reason"], "stock_timeout");
        books::agree(&shop).await;
        ada.pay(&id).await.expect(409);
    }

    async fn while_catalog_is_away_nobody_can_order_and_nothing_is_lost(fixture: &Fixture) {
        let shop = Shop::open(fixture).await.with_catalog_afar(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let (first, second) = (ada.confirm(&[("mug", 1)]).await, ada.confirm(&[("mug", 2)]).await);
        shop.catalog.stop().await;
        let away = ada.send(&[("mug", 1)]).await;
        away.expect_error(503, "Catalog service unavailable");
        assert!(!away.header("retry-after").is_empty());
        ada.cancel(&first).await.expect(200);
        ada.pay(&second).await.expect(200);
        ada.becomes(&second, "paid").await;
        let shop = Shop { catalog: start_catalog(fixture).await, ..shop };
        shop.counts_become("mug", (3, 0)).await;
        books::agree(&shop).await;
    }

    async fn payments_that_were_away_hear_what_they_missed(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 1)]).await;
        shop.payments.stop().await;
        ada.cancel(&id).await.expect(200);
        let payments = start_payments(fixture).await;
        shop.line.connect(payments.contract());
        let shop = Shop { payments, ..shop };
        ada.until(&id, |order| order["refunded"] == order["total"]).await;
        books::agree(&shop).await;
    }

    async fn orders_go_on_where_their_process_ended(fixture: &Fixture) {
        let mut shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 50).await;
        let ada = shop.buyer("ada");
        let mut ids = Vec::new();
        for _ in 0..5 {
            // Wherever each of them is when it ends.
            for _ in 0..3 {
                ids.push(ada_again(&shop, &ada).create(&[("mug", 1)]).await);
            }
            shop = shop.restart_orders(fixture).await;
            // What was taken by who is gone is taken by others later.
            fixture.advance(Duration::from_secs(30));
        }
        let ada = ada_again(&shop, &ada);
        for id in &ids {
            becomes_in_time(fixture, &ada, id, "confirmed").await;
        }
        assert_eq!(shop.orders.count(ORDERS).await, 15);
        shop.counts_become("mug", (50, 15)).await;
        books::agree(&shop).await;
    }

    async fn a_refund_that_was_asked_for_is_made_whatever_ends_between(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 2)]).await;
        shop.line.set(LineState::LosesAnswers);
        let asked = shop.act(&id, "refund", Some(&json!({ "amount": { "amount_minor": 50, "currency": "USD" } }))).await;
        assert_eq!(asked.expect(200)["refunds"][0]["status"], "pending");
        let shop = shop.restart_orders(fixture).await;
        shop.line.set(LineState::Works);
        let ada = ada_again(&shop, &ada);
        eventually("it is paid back", async || {
            fixture.advance(Duration::from_millis(500));
            (ada.order(&id).await["refunds"][0]["status"] == "succeeded").then_some(())
        })
        .await;
        assert_eq!(ada.order(&id).await["refunded"]["amount_minor"], 50);
        books::agree(&shop).await;
    }
}

/// The same buyer, at a shop whose orders have another address now.
fn ada_again(shop: &Shop, ada: &crate::app::Buyer) -> crate::app::Buyer {
    shop.buyer_of(ada.orders.identity.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_their_database_orders_ask_to_come_back_later() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let peers = shop.peers();
        shop.orders.stop().await;
        let orders = orders_builder(fixture, peers).await;
        let (orders, proxy) = orders.start_behind_proxy().await;
        let shop = Shop {
            clerk: orders.staff(),
            orders,
            ..shop
        };
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 1)]).await;
        proxy.cut();
        assert!(!shop.orders.process.readiness.report().await.ready);
        let keyed = ada.keyed("key");
        for away in [keyed.send(&[("mug", 1)]).await, ada.cancel(&id).await] {
            away.expect_error(503, "Order service unavailable");
            assert!(!away.header("retry-after").is_empty());
        }
        ada.pay(&id).await.expect(200);
        proxy.mend();
        ada.becomes(&id, "paid").await;
        let placed = keyed.send(&[("mug", 1)]).await.expect(201);
        assert_eq!(keyed.send(&[("mug", 1)]).await.expect(201)["id"], placed["id"]);
        ada.becomes(&text(&placed["id"]), "confirmed").await;
        books::agree(&shop).await;
    })
    .await;
}
