//! Orders that wait in vain.

use std::time::Duration;

use catalog_api::{CatalogClient, OrderLine, ReserveStock};
use kit_testing::{App, Fixture, eventually, on_both_databases};
use kit_values::{Quantity, Uuid};

use crate::app::{
    LineState, Peers, Shop, builder, call, make_tables, orders_builder, start_cart, start_catalog,
    start_payments,
};
use crate::books;

/// Lets time pass until something is so.
async fn passes<T>(fixture: &Fixture, step: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    eventually("time brings it", async || {
        let found = look().await;
        if found.is_none() {
            fixture.advance(step);
        }
        found
    })
    .await
}

/// The shop with orders that do not hear what payments publish.
async fn deaf_to_payments(fixture: &Fixture, shop: Shop) -> Shop {
    shop.orders.stop().await;
    let deaf = builder(fixture, orders::service(), &[catalog::service()]).await;
    let deaf = deaf
        .out_of_reach(payments_api::TOPICS)
        .out_of_reach(auth_api::TOPICS)
        .peer(shop.cart.contract::<cart_api::CartClient>())
        .peer(shop.catalog.contract::<CatalogClient>())
        .peer(payments_api::PaymentsClient::local(shop.line.clone()))
        .set("orders.poll", "20ms");
    let orders = deaf.start().await;
    Shop {
        clerk: orders.staff(),
        orders,
        ..shop
    }
}

on_both_databases! {
    async fn an_order_that_is_not_paid_in_time_is_cancelled(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 2)]).await;
        fixture.advance(Duration::from_mins(29));
        // Still in time: somebody else's is paid now.
        let other = ada.buy(&[("mug", 1)]).await;
        fixture.advance(Duration::from_mins(1));
        let cancelled = ada.becomes(&id, "cancelled").await;
        assert_eq!(cancelled["reason"], "payment_expired");
        shop.counts_become("mug", (4, 0)).await;
        assert_eq!(ada.status(&other).await, "paid");
        books::agree(&shop).await;
    }

    async fn where_nothing_is_heard_of_a_payment_it_is_asked_for(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let (paid, open) = (ada.confirm(&[("mug", 1)]).await, ada.confirm(&[("mug", 1)]).await);
        let shop = deaf_to_payments(fixture, shop).await;
        let ada = shop.buyer_of(ada.orders.identity);
        ada.pay(&paid).await.expect(200);
        shop.line.set(LineState::Cut);
        fixture.advance(Duration::from_mins(31));
        // As long as payments do not answer, nothing is known.
        passes(fixture, Duration::from_millis(200), async || {
            let tried = "SELECT tries FROM order_steps WHERE tries > 2";
            (shop.orders.count(tried).await == 2).then_some(())
        })
        .await;
        let ada = shop.buyer_of(ada.orders.identity);
        assert_eq!((ada.status(&paid).await.as_str(), ada.status(&open).await.as_str()), ("confirmed", "confirmed"));
        shop.line.set(LineState::Works);
        passes(fixture, Duration::from_millis(200), async || {
            let is_paid = ada.status(&paid).await == "paid";
            (is_paid && ada.status(&open).await == "cancelled").then_some(())
        })
        .await;
        assert_eq!(ada.order(&open).await["reason"], "payment_expired");
        books::agree(&shop).await;
    }

    async fn an_order_of_whose_stock_nobody_says_anything_is_cancelled(fixture: &Fixture) {
        make_tables(fixture).await;
        // A catalog that is asked for prices, and hears nothing of orders.
        let deaf = builder(fixture, catalog::service(), &[]).await;
        let deaf: App = deaf.out_of_reach(orders_api::TOPICS).start().await;
        let payments = start_payments(fixture).await;
        let line = crate::app::PaymentsLine::to(payments.contract());
        let cart = start_cart(fixture, &deaf).await;
        let peers = Peers { catalog: deaf.contract(), cart: cart.contract(), payments: line.clone() };
        let orders = orders_builder(fixture, peers).await.start().await;
        let shop = Shop { clerk: orders.staff(), orders, catalog: deaf, cart, payments, line };
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.create(&[("mug", 2)]).await;
        fixture.advance(Duration::from_mins(9));
        let other = ada.create(&[("mug", 2)]).await;
        fixture.advance(Duration::from_mins(1));
        let cancelled = ada.becomes(&id, "cancelled").await;
        assert_eq!(cancelled["reason"], "stock_timeout");
        assert_eq!(ada.status(&other).await, "pending");
        // Catalog comes back: the one is not held any more, the other goes on.
        shop.catalog.stop().await;
        let shop = Shop { catalog: start_catalog(fixture).await, ..shop };
        ada.becomes(&other, "confirmed").await;
        shop.counts_become("mug", (5, 2)).await;
        books::agree(&shop).await;
    }

    async fn what_is_paid_keeps_its_stock_however_late_catalog_hears_of_it(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 2)]).await;
        shop.catalog.stop().await;
        ada.pay(&id).await.expect(200);
        ada.becomes(&id, "paid").await;
        let deaf = builder(fixture, catalog::service(), &[]).await;
        let deaf = deaf.out_of_reach(orders_api::TOPICS).set("catalog.reservation_sweep", "20ms");
        let shop = Shop { catalog: deaf.start().await, ..shop };
        fixture.advance(Duration::from_hours(1));
        let asked = eventually("orders are asked", async || {
            let asked = shop.catalog.rows("SELECT event_id FROM outbox WHERE type = 'stock.overdue'").await;
            Some(asked.first()?.get::<String>("event_id").unwrap())
        })
        .await;
        eventually("orders hear of it", async || {
            let heard = shop.orders.rows("SELECT event_id FROM inbox").await;
            heard.iter().find(|row| row.get::<String>("event_id").unwrap() == asked).map(|_| ())
        })
        .await;
        assert_eq!(ada.status(&id).await, "paid");
        shop.counts_become("mug", (5, 2)).await;
        shop.catalog.stop().await;
        let shop = Shop { catalog: start_catalog(fixture).await, ..shop };
        shop.counts_become("mug", (3, 0)).await;
        books::agree(&shop).await;
    }

    async fn what_is_not_paid_ends_when_its_stock_was_held_too_long(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 2)]).await;
        // Nothing is heard of payments.
        let shop = deaf_to_payments(fixture, shop).await;
        shop.line.set(LineState::Cut);
        fixture.advance(Duration::from_hours(1));
        let ada = shop.buyer_of(ada.orders.identity);
        let cancelled = ada.becomes(&id, "cancelled").await;
        assert_eq!(cancelled["reason"], "reservation_expired");
        shop.counts_become("mug", (5, 0)).await;
        books::agree(&shop).await;
    }

    async fn what_is_held_for_an_order_that_is_not_there_is_let_go(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let lines = vec![OrderLine { sku: "mug".parse().unwrap(), quantity: Quantity::try_from(2).unwrap() }];
        let request = ReserveStock { order_id: Uuid::nil().into(), lines };
        shop.catalog.contract::<CatalogClient>().reserve_stock(&call(), request).await.unwrap();
        shop.counts_become("mug", (5, 2)).await;
        fixture.advance(Duration::from_hours(1));
        shop.counts_become("mug", (5, 0)).await;
        books::agree(&shop).await;
    }
}

#[tokio::test]
async fn times_that_cannot_be_are_refused_at_start() {
    let target = kit_testing::db::TestTarget::sqlite();
    Fixture::run(target, async |fixture: &Fixture| {
        let shop = Shop::open(fixture).await;
        let peers = shop.peers();
        shop.orders.stop().await;
        for (key, value) in [
            ("orders.poll", "0s"),
            ("orders.payment_time_to_live", "0s"),
            ("orders.stock_time_to_live", "30m"),
            ("orders.most_unpaid", "0"),
            ("catalog.reservation_time_to_live", "31m"),
        ] {
            let orders = orders_builder(fixture, peers.clone()).await;
            let error = orders
                .set(key, value)
                .try_start()
                .await
                .err()
                .map(|error| format!("{error:#}"));
            let error = error.unwrap_or_default();
            assert!(
                error.contains(key.split_once('.').map_or(key, |(_, name)| name)),
                "{error}"
            );
        }
    })
    .await;
}
