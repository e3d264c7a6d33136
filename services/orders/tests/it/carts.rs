//! Orders that are made of a cart.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use cart_api::CartClient;
use futures::future::join_all;
use http::Method;
use kit_rpc::ContractClient as _;
use kit_testing::{Reply, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Buyer, ORDERS, Peers, Shop, orders_builder, start_cart, text};
use crate::books;

async fn put(buyer: &Buyer, sku: &str, quantity: i64) {
    let body = json!({ "sku": sku, "quantity": quantity });
    buyer.cart.client.post("/cart/items", &body).await.expect(200);
}

/// What is in the cart: SKU and quantity.
async fn cart(buyer: &Buyer) -> Vec<(String, i64)> {
    let cart = buyer.cart.client.get("/cart").await.expect(200);
    let items = cart["items"].as_array().unwrap();
    let item = |item: &Value| (text(&item["sku"]), item["quantity"].as_i64().unwrap());
    items.iter().map(item).collect()
}

async fn order(buyer: &Buyer) -> Reply {
    buyer.orders.client.send(Method::POST, "/orders", None).await
}

on_both_databases! {
    async fn an_order_takes_what_is_in_the_cart(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        shop.sell("pot", 250, 9).await;
        let ada = shop.buyer("ada");
        order(&ada).await.expect_error(409, "the cart is empty");
        put(&ada, "mug", 2).await;
        put(&ada, "pot", 1).await;
        let keyed = ada.keyed("key");
        let placed = keyed.orders.client.post("/orders", &json!({})).await;
        let order_seen = placed.expect(201);
        assert_eq!(order_seen["total"]["amount_minor"], 450);
        assert_eq!(cart(&ada).await, [], "it is empty once the order is answered");
        assert_eq!(keyed.orders.client.post("/orders", &json!({})).await.body, placed.body);
        keyed.orders.client.post("/orders", &json!({ "note": "x" })).await.expect(422);
        // An answer that is given again empties nothing.
        put(&ada, "mug", 1).await;
        assert_eq!(keyed.orders.client.post("/orders", &json!({})).await.body, placed.body);
        assert_eq!(cart(&ada).await, [("mug".to_owned(), 1)]);
        // Nor does an order of named items.
        ada.confirm(&[("mug", 1)]).await;
        assert_eq!(cart(&ada).await, [("mug".to_owned(), 1)]);
        ada.becomes(&text(&order_seen["id"]), "confirmed").await;
        books::agree(&shop).await;
    }

    async fn a_cart_is_ordered_once_however_often_it_is_asked_for(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 99).await;
        let ada = shop.buyer("ada");
        put(&ada, "mug", 2).await;
        let keyed = ada.keyed("key");
        let replies = join_all((0..30).map(|_| order(&keyed))).await;
        assert!(replies.iter().all(|reply| reply.status == 201 && reply.body == replies[0].body), "{replies:?}");
        put(&ada, "mug", 3).await;
        let buyers: Vec<_> = (0..20).map(|number| ada.keyed(&format!("key-{number}"))).collect();
        let replies = join_all(buyers.iter().map(order)).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        assert!(replies.iter().all(|reply| [201, 409].contains(&reply.status.as_u16())), "{replies:?}");
        assert_eq!(shop.orders.count(ORDERS).await, 2);
        assert_eq!(cart(&ada).await, []);
        books::agree(&shop).await;
    }

    async fn without_cart_named_items_can_be_ordered_and_a_cart_is_emptied_later(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 99).await;
        let address = shop.cart.process.serve(shop.cart.internal.clone()).await;
        let afar = CartClient::of_peer(fixture.process().remote(address));
        let peers = Peers { cart: afar, ..shop.peers() };
        shop.orders.stop().await;
        let orders = orders_builder(fixture, peers).await.start().await;
        let shop = Shop { clerk: orders.staff(), orders, ..shop };
        let ada = shop.buyer("ada");
        put(&ada, "mug", 2).await;
        order(&ada).await.expect(201);
        // As if whoever placed it had been lost before the cart was emptied.
        put(&ada, "mug", 5).await;
        let id = text(&order(&ada).await.expect(201)["id"]);
        shop.cart.stop().await;
        order(&ada).await.expect_error(503, "Cart service unavailable");
        ada.confirm(&[("mug", 1)]).await;
        let lost = "INSERT INTO order_steps (order_id, step, subject, due_at, tries) \
                    SELECT order_id, 'clear_cart', '', 0, 0 FROM ordered_carts";
        assert_eq!(shop.orders.execute(lost).await, 2);
        let cart_again = start_cart(fixture, &shop.catalog).await;
        let shop = Shop { cart: cart_again, ..shop }.restart_orders(fixture).await;
        let ada = shop.buyer_of(ada.orders.identity);
        put(&ada, "mug", 1).await;
        eventually("nothing is to be emptied any more", async || {
            fixture.advance(Duration::from_secs(1));
            let left = "SELECT order_id FROM order_steps WHERE step = 'clear_cart'";
            (shop.orders.count(left).await == 0).then_some(())
        })
        .await;
        let ada = shop.buyer_of(ada.orders.identity);
        assert_eq!(cart(&ada).await, [("mug".to_owned(), 1)], "what came since stays");
        ada.becomes(&id, "confirmed").await;
        books::agree(&shop).await;
    }
}
