//! What orders asks of cart, in each of the three ways to ask.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use cart_api::{CartClient, CartContents, CartError, CartItem, CartOwner, CartToken, ClearCart, GetCart};
use futures::future::join_all;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::{App, Fixture, Person, eventually, on_both_databases};
use kit_values::{Quantity, Uuid};
use orders_api::OrderId;

use crate::app::{CARTS, Shop, Shopper as _, guest_with, named};

fn call() -> CallContext {
    let deadline = Deadline::after(Duration::from_mins(1));
    CallContext::new(Actor::Service("orders".into()), deadline)
}

fn of(person: &Person) -> CartOwner {
    CartOwner::User(person.identity.user_id)
}

fn order(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}

async fn contents(carts: &CartClient, owner: &CartOwner) -> CartContents {
    let owner = owner.clone();
    carts.get_cart(&call(), GetCart { owner }).await.unwrap()
}

/// Says that an order was made of a cart as it was.
async fn clear(carts: &CartClient, owner: &CartOwner, number: u128, seen: &CartContents) {
    let request = ClearCart {
        owner: owner.clone(),
        order_id: order(number),
        version: seen.version,
        items: seen.items.clone(),
    };
    carts.clear_cart(&call(), request).await.unwrap();
}

fn listed(cart: &CartContents) -> Vec<(String, i64)> {
    let line = |item: &CartItem| (item.sku.to_string(), item.quantity.get());
    cart.items.iter().map(line).collect()
}

on_both_databases! {
    async fn a_cart_is_given_and_cleared_in_every_way(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("Mug", 99).await.with("cup", 99).await;
        let ada = shop.sign_up("ada");
        for (number, (transport, carts)) in (1..).zip(&shop.each_transport::<CartClient>().await) {
            let (guest, token) = guest_with(&shop, "mug", 2).await;
            ada.client.add("mug", 2).await;
            for (who, client) in [(CartOwner::Guest(token.parse::<CartToken>().unwrap().hash()), &guest), (of(&ada), &ada.client)] {
                client.add("cup", 1).await;
                let seen = contents(carts, &who).await;
                assert_eq!(listed(&seen), named(&[("Mug", 2), ("cup", 1)]), "{transport}");
                assert_eq!(format!("\"{}\"", seen.version), client.get("/cart").await.header("etag"));
                let order = number * 10 + u128::from(who == of(&ada));
                clear(carts, &who, order, &seen).await;
                assert_eq!(contents(carts, &who).await.items, [], "{transport}");
                assert_eq!(client.lines().await, []);
            }
        }
        assert_eq!(shop.count(CARTS).await, 1, "nothing is left of the guests'");
    }

    async fn a_cart_that_there_is_not_is_empty(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let carts = shop.contract::<CartClient>();
        for owner in [of(&shop.sign_up("ada")), CartOwner::Guest(CartToken::new([7; 32]).hash())] {
            assert_eq!(contents(&carts, &owner).await, CartContents::default());
            clear(&carts, &owner, 1, &CartContents::default()).await;
        }
        assert_eq!(shop.count(CARTS).await, 0);
    }

    async fn what_was_put_in_after_the_order_stays(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (clerk, ada) = (shop.clerk(), shop.sign_up("ada"));
        for sku in ["same", "more", "less", "out", "again", "new"] {
            clerk.offer(sku, 100, 99).await;
        }
        for sku in ["same", "more", "less", "out", "again"] {
            ada.client.add(sku, 3).await;
        }
        let carts = shop.contract::<CartClient>();
        let seen = contents(&carts, &of(&ada)).await;
        ada.client.add("more", 2).await;
        ada.client.set("less", 1).await;
        ada.client.remove("out").await;
        ada.client.remove("again").await;
        ada.client.add("again", 3).await;
        ada.client.add("new", 1).await;
        clear(&carts, &of(&ada), 1, &seen).await;
        assert_eq!(ada.client.lines().await, named(&[("more", 2), ("again", 3), ("new", 1)]));
    }

    async fn an_order_clears_its_cart_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 99).await;
        let ada = shop.sign_up("ada");
        let carts = shop.contract::<CartClient>();
        ada.client.add("mug", 2).await;
        let seen = contents(&carts, &of(&ada)).await;
        ada.client.add("mug", 3).await;
        let who = of(&ada);
        join_all((0..20).map(|_| clear(&carts, &who, 1, &seen))).await;
        assert_eq!(ada.client.lines().await, named(&[("mug", 3)]), "what was ordered is taken out once");
        // Another order of the same cart is another.
        clear(&carts, &of(&ada), 2, &seen).await;
        assert_eq!(ada.client.lines().await, named(&[("mug", 1)]));
        // It is known after a crash between the order and its cart.
        shop.stop().await;
        let shop = Shop::start(fixture).await;
        let (carts, ada) = (shop.contract::<CartClient>(), shop.person(ada.identity));
        clear(&carts, &of(&ada), 1, &seen).await;
        assert_eq!(ada.client.lines().await, named(&[("mug", 1)]));
    }

    async fn what_is_added_while_a_cart_is_cleared_is_not_lost(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5000).await;
        let carts = shop.contract::<CartClient>();
        for round in 0..10 {
            let ada = shop.sign_up(&format!("ada{round}"));
            ada.client.add("mug", 5).await;
            let (who, seen) = (of(&ada), contents(&carts, &of(&ada)).await);
            let adding = join_all((0..5).map(|_| ada.client.send_add("mug", 1)));
            let ((), replies) = tokio::join!(clear(&carts, &who, round, &seen), adding);
            for reply in replies {
                reply.expect(200);
            }
            assert_eq!(ada.client.lines().await, named(&[("mug", 5)]));
        }
    }

    async fn an_order_of_lines_that_are_named_twice_takes_both(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 99).await;
        let ada = shop.sign_up("ada");
        let carts = shop.contract::<CartClient>();
        ada.client.add("mug", 5).await;
        let mut seen = contents(&carts, &of(&ada)).await;
        let line = |sku: &str| CartItem { sku: sku.parse().unwrap(), quantity: Quantity::clamped(2) };
        seen.items = vec![line("mug"), line("MUG"), line("other")];
        clear(&carts, &of(&ada), 1, &seen).await;
        assert_eq!(ada.client.lines().await, named(&[("mug", 1)]));
    }

    async fn orders_are_forgotten_after_a_while(fixture: &Fixture) {
        let quick = |app: kit_testing::AppBuilder| app.out_of_reach(auth_api::TOPICS).set("cart.sweep", "5ms");
        let shop = Shop::start_as(fixture, quick).await;
        let carts = shop.contract::<CartClient>();
        let ada = of(&shop.sign_up("ada"));
        clear(&carts, &ada, 1, &CartContents::default()).await;
        fixture.advance(Duration::from_hours(29 * 24));
        clear(&carts, &ada, 2, &CartContents::default()).await;
        fixture.advance(Duration::from_hours(24));
        let forgotten = async || {
            let known = shop.rows("SELECT order_id FROM cleared_orders").await;
            (known.len() == 1).then(|| known[0].get::<String>("order_id").unwrap())
        };
        assert_eq!(eventually("the first is forgotten", forgotten).await, order(2).to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_cart_says_unavailable_in_every_way() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let app = App::of(fixture, catalog::service()).out_of_reach(orders_api::TOPICS);
        let catalog = app.target(fixture.target_of("catalog").await).start().await;
        let (app, proxy) = App::of(fixture, cart::service())
            .peer(catalog.contract::<catalog_api::CatalogClient>())
            .out_of_reach(auth_api::TOPICS)
            .start_behind_proxy()
            .await;
        let owner = of(&app.sign_up("ada"));
        let transports = app.each_transport::<CartClient>().await;
        proxy.cut();
        for (transport, carts) in &transports {
            let owner = owner.clone();
            let asked = carts.get_cart(&call(), GetCart { owner }).await;
            assert_eq!(asked, Err(CartError::Unavailable), "{transport}");
        }
    })
    .await;
}
