//! Guests' carts end a while after their last change.

use std::time::Duration;

use kit_testing::{App, Fixture, eventually, on_both_databases};

use crate::app::{CARTS, LINES, Shop, Shopper as _, guest_with, named};

const DAY: Duration = Duration::from_hours(24);

/// A shop that looks for what is over all the time.
async fn quick(fixture: &Fixture) -> Shop {
    let shop = Shop::start_as(fixture, |app| {
        app.out_of_reach(auth_api::TOPICS).set("cart.sweep", "5ms")
    });
    shop.await.with("mug", 5000).await
}

async fn carts_become(shop: &Shop, count: usize) {
    let looks = async || (shop.count(CARTS).await == count).then_some(());
    eventually("the carts are swept", looks).await;
}

on_both_databases! {
    async fn a_guests_cart_ends_thirty_days_after_its_last_change(fixture: &Fixture) {
        let shop = quick(fixture).await;
        let ((early, _), (late, _)) = (guest_with(&shop, "mug", 1).await, guest_with(&shop, "mug", 2).await);
        shop.sign_up("ada").client.add("mug", 3).await;
        fixture.advance(DAY * 20);
        late.set("mug", 4).await;
        assert_eq!(early.lines().await, named(&[("mug", 1)]), "looking is no change");
        fixture.advance(DAY * 10);
        carts_become(&shop, 2).await;
        assert_eq!((early.lines().await, late.lines().await), (Vec::new(), named(&[("mug", 4)])));
        assert!(early.add("mug", 1).await["guest_token"].is_string(), "the old token opens nothing");
        fixture.advance(DAY * 365);
        carts_become(&shop, 1).await;
        // Her token is over, and her cart is not.
        assert_eq!(shop.count(LINES).await, 1);
    }

    async fn many_are_swept_and_not_at_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        for _ in 0..120 {
            guest_with(&shop, "mug", 1).await;
        }
        fixture.advance(DAY * 31);
        assert_eq!(shop.count(CARTS).await, 120);
        shop.stop().await;
        let shop = Shop::start_as(fixture, |app| app.out_of_reach(auth_api::TOPICS).set("cart.sweep", "5ms")).await;
        carts_become(&shop, 0).await;
        assert_eq!(shop.count(LINES).await, 0);
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_at_start() {
    let target = kit_testing::db::TestTarget::sqlite();
    Fixture::run(target, async |fixture: &Fixture| {
        for (key, value) in [
            ("cart.sweep", "0s"),
            ("cart.guest_time_to_live", "0s"),
            ("cart.currency", "dollars"),
        ] {
            let started = App::of(fixture, cart::service())
                .set(key, value)
                .try_start()
                .await;
            let error = started
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap_or_default();
            assert!(error.contains(key), "{error}");
        }
    })
    .await;
}
