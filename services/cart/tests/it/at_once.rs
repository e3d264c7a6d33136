//! Many requests about one cart at the same moment.

use futures::future::join_all;
use kit_testing::on_both_databases;

use crate::app::{CARTS, LINES, Shop, Shopper as _, guest_with, named};

on_both_databases! {
    async fn fifty_who_add_at_once_add_up_exactly(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5000).await;
        let (ada, (guest, _)) = (shop.sign_up("ada").client, guest_with(&shop, "mug", 1).await);
        for (client, before) in [(ada, 0), (guest, 1)] {
            let adding = (0..50).map(|_| client.send_add("mug", 3));
            let statuses: Vec<_> = join_all(adding).await.iter().map(|reply| reply.status.as_u16()).collect();
            assert_eq!(statuses, [200; 50]);
            assert_eq!(client.lines().await, named(&[("mug", before + 150)]));
        }
        assert_eq!(shop.count(LINES).await, 2);
    }

    async fn never_more_than_there_are_or_than_a_line_may_have(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("few", 10).await.with("many", 5000).await;
        for (sku, quantity, most) in [("few", 1, 10), ("many", 100, 900)] {
            let ada = shop.sign_up("ada").client;
            let adding = (0..30).map(|_| ada.send_add(sku, quantity));
            let replies = join_all(adding).await;
            let good = replies.iter().filter(|reply| reply.status == 200).count();
            assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status.as_u16())));
            assert_eq!(i64::try_from(good).unwrap() * quantity, most);
            assert_eq!(ada.lines().await, named(&[(sku, most)]));
        }
    }

    async fn different_lines_at_once_are_all_there(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let skus = shop.clerk().offer_hundreds(1).await;
        let ada = shop.sign_up("ada").client;
        let adding = skus.iter().take(50).map(|sku| ada.send_add(sku, 1));
        for reply in join_all(adding).await {
            // Each answer is of a cart in which everything has its price.
            let cart = reply.expect(200);
            let items = cart["items"].as_array().unwrap();
            assert!(items.iter().all(|item| item["available"] == true), "{cart}");
        }
        assert_eq!(ada.lines().await.len(), 50);
        assert_eq!(ada.get("/cart").await.header("etag"), "\"50\"");
    }

    async fn two_merges_at_once_add_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5000).await;
        for round in 0..10 {
            let ada = shop.sign_up(&format!("ada{round}")).client;
            ada.add("mug", 1).await;
            let (_, token) = guest_with(&shop, "mug", 2).await;
            let merging = (0..5).map(|_| ada.send_merge(&token));
            for reply in join_all(merging).await {
                reply.expect(200);
            }
            assert_eq!(ada.lines().await, named(&[("mug", 3)]));
        }
        assert_eq!(shop.count(CARTS).await, 10);
    }

    async fn a_guests_cart_goes_to_one_of_two_users(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5000).await;
        for round in 0..10 {
            let users = ["ada", "bob"].map(|name| shop.sign_up(&format!("{name}{round}")).client);
            let (guest, token) = guest_with(&shop, "mug", 2).await;
            let adding = async { guest.send_add("mug", 1).await };
            let (merged, added) = tokio::join!(join_all(users.iter().map(|user| user.send_merge(&token))), adding);
            for reply in merged {
                reply.expect(200);
            }
            let added = added.expect(200);
            let mut sums = 0;
            for user in &users {
                sums += user.lines().await.iter().map(|(_, quantity)| quantity).sum::<i64>();
            }
            // Who came too late with the old token has a cart of its own with what was put in.
            let expected = if added["guest_token"].is_string() { 2 } else { 3 };
            assert_eq!(sums, expected);
        }
    }

    async fn emptying_and_adding_at_once_leave_what_came_last(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5000).await;
        let ada = shop.sign_up("ada").client;
        let working = (0..40).map(|number| {
            let ada = ada.clone();
            async move {
                let reply = match number % 4 {
                    0 => ada.delete("/cart").await,
                    1 => ada.send_remove("mug").await,
                    _ => ada.send_add("mug", 1).await,
                };
                assert!([200, 404].contains(&reply.status.as_u16()), "{}", reply.status);
            }
        });
        join_all(working).await;
        let left = ada.lines().await.iter().map(|(_, quantity)| quantity).sum::<i64>();
        assert!((0..=20).contains(&left), "{left}");
    }
}
