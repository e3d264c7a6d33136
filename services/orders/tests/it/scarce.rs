//! Many buyers, few things.

use std::collections::BTreeMap;

use futures::future::join_all;
use kit_testing::{eventually, on_both_databases};

use crate::app::{Buyer, Shop, text};
use crate::books;

/// How many orders are how far, once none waits any more.
async fn decided(orders: &[(Buyer, String)]) -> BTreeMap<String, usize> {
    eventually("every order is decided", async || {
        let asked = orders.iter().map(|(buyer, id)| buyer.status(id));
        let statuses = join_all(asked).await;
        let mut counts = BTreeMap::new();
        for status in statuses {
            *counts.entry(status).or_insert(0) += 1;
        }
        (!counts.contains_key("pending")).then_some(counts)
    })
    .await
}

async fn create_at_once(
    shop: &Shop,
    count: usize,
    items: impl Fn(usize) -> Vec<(&'static str, i64)>,
) -> Vec<(Buyer, String)> {
    let buyers: Vec<_> = (0..6)
        .map(|number| shop.buyer(&format!("buyer{number}")))
        .collect();
    let placing = (0..count).map(|number| {
        let (buyer, items) = (buyers[number % 6].clone(), items(number));
        async move {
            let id = text(&buyer.send(&items).await.expect(201)["id"]);
            (buyer, id)
        }
    });
    join_all(placing).await
}

on_both_databases! {
    async fn ten_of_thirty_buyers_get_one_of_ten(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 10).await;
        let orders = create_at_once(&shop, 30, |_| vec![("mug", 1)]).await;
        let counts = decided(&orders).await;
        assert_eq!(counts, BTreeMap::from([("confirmed".to_owned(), 10), ("rejected".to_owned(), 20)]));
        assert_eq!(shop.counts("mug").await, (10, 10));
        // All of the thirty try to pay, at once.
        let replies = join_all(orders.iter().map(|(buyer, id)| buyer.pay(id))).await;
        assert!(replies.iter().all(|reply| reply.status.as_u16() < 500), "{replies:?}");
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 10);
        shop.counts_become("mug", (0, 0)).await;
        eventually("ten are paid", async || {
            (decided(&orders).await.get("paid") == Some(&10)).then_some(())
        })
        .await;
        books::agree(&shop).await;
    }

    async fn two_skus_in_both_orders_at_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("a", 100, 15).await;
        shop.sell("b", 100, 12).await;
        let orders = create_at_once(&shop, 24, |number| {
            if number % 2 == 0 { vec![("a", 1), ("b", 1)] } else { vec![("b", 1), ("a", 1)] }
        });
        let counts = decided(&orders.await).await;
        assert_eq!(counts, BTreeMap::from([("confirmed".to_owned(), 12), ("rejected".to_owned(), 12)]));
        assert_eq!((shop.counts("a").await, shop.counts("b").await), ((15, 12), (12, 12)));
        books::agree(&shop).await;
    }
}
