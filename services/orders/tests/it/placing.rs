//! Placing orders.

use futures::future::join_all;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{BAD_CARD, Buyer, ORDERS, Shop, orders_builder, text};
use crate::books;

fn money(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "USD" })
}

on_both_databases! {
    async fn an_order_goes_from_the_stock_to_its_buyer(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("MUG", 1250, 5).await;
        let ada = shop.buyer("ada");
        let address = json!({ "name": "Ada", "line1": "1 Main St", "city": "London", "country": "GB" });
        let body = json!({ "items": [{ "sku": "mug", "quantity": 2 }], "shipping_address": address, "note": "Ring twice" });
        let placed = ada.orders.client.post("/orders", &body).await.expect(201);
        assert_eq!((&placed["status"], &placed["number"]), (&json!("pending"), &json!("10001")));
        assert_eq!((&placed["total"], &placed["refunded"]), (&money(2500), &money(0)));
        assert_eq!(placed["items"], json!([{
            "sku": "MUG", "name": "A MUG", "quantity": 2, "unit_price": money(1250),
            "line_total": money(2500), "refunded_quantity": 0,
        }]));
        assert_eq!((&placed["shipping_address"]["city"], &placed["note"]), (&json!("London"), &json!("Ring twice")));
        assert_eq!(placed["user_id"], json!(ada.orders.id));
        let id = text(&placed["id"]);
        let confirmed = ada.becomes(&id, "confirmed").await;
        assert_eq!(confirmed["payment_id"], json!(shop.payment(&id).await.unwrap().id));
        assert_eq!(shop.counts("MUG").await, (5, 2));
        // A declined card ends nothing.
        ada.pay_with(&id, BAD_CARD).await.expect(402);
        assert_eq!(ada.status(&id).await, "confirmed");
        ada.pay(&id).await.expect(200);
        ada.becomes(&id, "paid").await;
        shop.counts_become("MUG", (3, 0)).await;
        let tracking = json!({ "carrier": "DHL", "tracking_number": "TRK-1" });
        let shipped = shop.act(&id, "ship", Some(&tracking)).await.expect(200);
        assert_eq!((&shipped["status"], &shipped["tracking"]), (&json!("shipped"), &tracking));
        ada.cancel(&id).await.expect_error(409, "an order that is shipped cannot be cancelled");
        let delivered = shop.act(&id, "deliver", None).await.expect(200);
        assert_eq!(delivered["status"], "delivered");
        assert_eq!(ada.timeline(&id).await, ["pending", "confirmed", "paid", "shipped", "delivered"]);
        books::agree(&shop).await;
    }

    async fn what_there_is_not_enough_of_is_rejected_and_says_so(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 3).await;
        shop.sell("pot", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.create(&[("pot", 1), ("mug", 4)]).await;
        let rejected = ada.becomes(&id, "rejected").await;
        assert_eq!(rejected["reason"], "of `mug` 4 were ordered and 3 are there");
        assert_eq!(rejected["shortages"], json!([{ "sku": "mug", "quantity": 4, "available": 3 }]));
        assert_eq!((shop.counts("mug").await, shop.counts("pot").await), ((3, 0), (5, 0)));
        assert_eq!(ada.timeline(&id).await, ["pending", "rejected"]);
        ada.cancel(&id).await.expect_error(409, "an order that is rejected cannot be cancelled");
        books::agree(&shop).await;
    }

    async fn two_lines_of_one_sku_are_one_of_both(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 3).await;
        let ada = shop.buyer("ada");
        let id = ada.create(&[("mug", 2), ("MUG", 2)]).await;
        let rejected = ada.becomes(&id, "rejected").await;
        assert_eq!(rejected["items"].as_array().map(Vec::len), Some(1));
        let id = ada.confirm(&[("Mug", 1), ("mug", 2)]).await;
        assert_eq!(ada.order(&id).await["items"][0]["quantity"], 3);
        assert_eq!(shop.counts("mug").await, (3, 3));
        books::agree(&shop).await;
    }

    async fn prices_are_those_of_the_moment_and_stay(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let mug = shop.sell("mug", 100, 9).await;
        let ada = shop.buyer("ada");
        let first = ada.confirm(&[("mug", 1)]).await;
        let staff = shop.catalog.staff();
        let path = format!("/products/{}", text(&mug["id"]));
        let dearer = json!({ "variants": [{ "sku": "mug", "price": money(300) }] });
        staff.client.send(Method::PATCH, &path, Some(&dearer)).await.expect(200);
        let second = ada.confirm(&[("mug", 1)]).await;
        assert_eq!(ada.order(&second).await["total"], money(300));
        staff.client.delete(&path).await.expect(200);
        ada.send(&[("mug", 1)]).await.expect_error(404, "there is no SKU `mug`");
        // Old orders go on at their price, whatever became of the product.
        ada.pay(&first).await.expect(200);
        let paid = ada.becomes(&first, "paid").await;
        assert_eq!((&paid["total"], &paid["items"][0]["name"]), (&money(100), &json!("A mug")));
        books::agree(&shop).await;
    }

    async fn what_cannot_be_ordered_is_refused_and_nothing_is_left_of_it(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        shop.sell_for("euro", &json!({ "amount_minor": 5, "currency": "EUR" }), 9).await;
        let ada = shop.buyer("ada");
        ada.send(&[("mug", 1), ("nope", 1)]).await.expect_error(404, "there is no SKU `nope`");
        let mixed = ada.send(&[("mug", 1), ("euro", 1)]).await;
        mixed.expect_error(409, "the items have prices in different currencies");
        assert_eq!(shop.orders.count(ORDERS).await, 0);
        assert_eq!(shop.orders.count("SELECT position FROM outbox").await, 0);
        ada.confirm(&[("euro", 1)]).await;
        books::agree(&shop).await;
    }

    async fn numbers_have_no_gaps_whoever_comes_at_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 99).await;
        let buyers: Vec<Buyer> = (0..4).map(|number| shop.buyer(&format!("buyer{number}"))).collect();
        let placing = (0..40).map(|number| {
            let buyer = &buyers[number % 4];
            // Every fifth asks for something that there is not.
            async move { buyer.send(&[(if number % 5 == 0 { "nope" } else { "mug" }, 1)]).await }
        });
        let replies = join_all(placing).await;
        let placed = replies.iter().filter(|reply| reply.status == 201);
        let mut numbers: Vec<_> = placed.map(|reply| text(&reply.json()["number"])).collect();
        numbers.sort_unstable();
        let expected: Vec<_> = (10_001..10_033).map(|number: i32| number.to_string()).collect();
        assert_eq!(numbers, expected);
        books::agree(&shop).await;
    }

    async fn two_hundred_lines_are_one_order(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let staff = shop.catalog.staff();
        for half in 0..2 {
            let variant = |number| json!({ "sku": format!("s-{half}-{number}"), "price": money(5) });
            let variants: Vec<_> = (0..100).map(variant).collect();
            staff.client.post("/products", &json!({ "name": "Mug", "variants": variants })).await.expect(201);
        }
        let skus: Vec<_> = (0..200).map(|number| format!("s-{}-{}", number % 2, number / 2)).collect();
        let set = skus.iter().map(|sku| {
            let (client, path) = (&staff.client, format!("/stock/{sku}"));
            async move { client.put(&path, &json!({ "on_hand": 2 })).await.expect(200) }
        });
        join_all(set).await;
        let ada = shop.buyer("ada");
        let items: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 2)).collect();
        let id = ada.buy(&items).await;
        assert_eq!(ada.order(&id).await["total"], money(2000));
        shop.counts_become("s-1-99", (0, 0)).await;
        books::agree(&shop).await;
    }

    async fn only_so_many_orders_wait_to_be_paid(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 99).await;
        let peers = shop.peers();
        shop.orders.stop().await;
        let orders = orders_builder(fixture, peers).await.set("orders.most_unpaid", "2").start().await;
        let shop = Shop { clerk: orders.staff(), orders, ..shop };
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        let first = ada.confirm(&[("mug", 1)]).await;
        ada.create(&[("mug", 1)]).await;
        ada.send(&[("mug", 1)]).await.expect_error(409, "at most 2 orders may wait to be paid");
        eve.create(&[("mug", 1)]).await;
        ada.pay(&first).await.expect(200);
        ada.becomes(&first, "paid").await;
        ada.create(&[("mug", 1)]).await;
        books::agree(&shop).await;
    }
}
