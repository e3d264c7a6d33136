//! Accounts that are deleted, and processes that are started again.

use auth_api::{UserDeleted, UserDisabled};
use kit_runtime::Clock;
use kit_testing::{EventLog, eventually, on_both_databases};

use crate::app::{CARTS, LINES, Shop, Shopper as _, guest_with, named};

on_both_databases! {
    async fn a_deleted_users_cart_is_erased(fixture: &Fixture) {
        let process = fixture.process();
        let log = EventLog::open(fixture, &process, "auth", auth_api::TOPICS).await;
        let shop = Shop::start_as(fixture, |app| app.log(log.source())).await.with("mug", 9).await;
        let (ada, bob) = (shop.sign_up("ada"), shop.sign_up("bob"));
        let (guest, _) = guest_with(&shop, "mug", 1).await;
        ada.client.add("mug", 2).await;
        bob.client.add("mug", 3).await;
        let timestamp = Clock::system().now();
        log.publish(UserDisabled { user_id: bob.identity.user_id, timestamp }).await;
        for _ in 0..2 {
            log.publish(UserDeleted { user_id: ada.identity.user_id, timestamp }).await;
        }
        let erased = async || (shop.count(CARTS).await == 2).then_some(());
        eventually("her cart is gone", erased).await;
        assert_eq!(shop.count(LINES).await, 2);
        assert_eq!(bob.client.lines().await, named(&[("mug", 3)]), "who is shut out for a while keeps it");
        assert_eq!(guest.lines().await, named(&[("mug", 1)]));
    }

    async fn carts_are_there_after_a_restart(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 9).await;
        let ada = shop.sign_up("ada");
        ada.client.add("mug", 2).await;
        let (_, token) = guest_with(&shop, "mug", 1).await;
        shop.stop().await;
        let shop = Shop::start(fixture).await;
        assert_eq!(shop.person(ada.identity).client.lines().await, named(&[("mug", 2)]));
        let guest = shop.stranger().with("x-cart-token", &token);
        assert_eq!(guest.lines().await, named(&[("mug", 1)]));
    }
}
