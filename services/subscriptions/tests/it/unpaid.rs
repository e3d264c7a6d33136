//! First invoices that are not paid, in time or at all.

use std::time::Duration;

use kit_testing::on_both_databases;

use crate::app::{BAD_CARD, Shop, passes, text};
use crate::books;

const HOURS: Duration = Duration::from_hours(23);

on_both_databases! {
    async fn what_is_not_paid_for_23_hours_ends(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let id = bought.subscription_id.to_string();
        fixture.advance(Duration::from_mins(23 * 60 - 1));
        shop.subscribe(&shop.user("bob")).await;
        let ada = shop.user_of(ada.identity());
        assert_eq!(ada.get(&id).await["status"], "incomplete");
        fixture.advance(Duration::from_mins(1));
        passes(fixture, Duration::from_millis(200), async || {
            (ada.get(&id).await["status"] == "expired").then_some(())
        })
        .await;
        let invoice = ada.invoice(&bought.invoice_id.to_string()).await;
        assert_eq!(invoice["status"], "void");
        assert_eq!(
            shop.event_types(&id).await,
            ["subscription.created", "invoice.issued", "invoice.voided", "subscription.expired"]
        );
        // Another may be begun, and what is void keeps its number.
        let again = shop.purchase(&ada).await;
        assert_eq!(ada.invoice(&again.invoice_id.to_string()).await["number"], "INV-000003");
        books::agree(&shop).await;
    }

    async fn as_long_as_payments_do_not_say_that_it_is_over_it_is_not(fixture: &Fixture) {
        // Payments that do not look at what is overdue.
        let shop = Shop::open_with(fixture, "1h").await.deaf(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let id = bought.subscription_id.to_string();
        fixture.advance(HOURS + Duration::from_secs(1));
        passes(fixture, Duration::from_millis(200), async || {
            let tried = "SELECT tries FROM subscription_steps WHERE step = 'timer' AND tries > 2";
            (shop.subscriptions.count(tried).await == 1).then_some(())
        })
        .await;
        let ada = shop.user_of(ada.identity());
        assert_eq!(ada.get(&id).await["status"], "incomplete");
        books::are_in_order(&shop.subscriptions).await;
    }

    async fn what_was_paid_in_time_is_paid_though_nothing_was_heard_of_it(fixture: &Fixture) {
        let shop = Shop::open(fixture).await.deaf(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let (id, invoice_id) = (bought.subscription_id.to_string(), bought.invoice_id.to_string());
        ada.pay(&invoice_id).await.expect(200);
        assert_eq!(ada.get(&id).await["status"], "incomplete");
        fixture.advance(HOURS);
        let ada = shop.user_of(ada.identity());
        passes(fixture, Duration::from_millis(200), async || {
            (ada.get(&id).await["provisioning"] == "active").then_some(())
        })
        .await;
        // Then it is heard of, late, and changes nothing.
        let before = ada.get(&id).await;
        let shop = shop.restart(fixture).await;
        books::agree(&shop).await;
        assert_eq!(shop.user_of(ada.identity()).get(&id).await, before);
    }

    async fn an_invoice_whose_payment_failed_is_given_up(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let (id, invoice_id) = (bought.subscription_id.to_string(), bought.invoice_id.to_string());
        for _ in 0..10 {
            ada.pay_with(&invoice_id, BAD_CARD).await.expect(402);
        }
        ada.until(&id, |seen| seen["status"] == "expired").await;
        let rows = shop.subscriptions.rows("SELECT end_reason FROM subscriptions").await;
        assert_eq!(rows[0].get::<String>("end_reason").unwrap(), "payment_failed");
        books::agree(&shop).await;
    }

    async fn the_payment_and_the_end_race(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let names = ["ada", "bob", "cleo", "dan", "eve", "finn"];
        let users: Vec<_> = names.iter().map(|name| shop.user(name)).collect();
        let mut all = Vec::new();
        for user in &users {
            all.push((user, shop.purchase(user).await));
        }
        fixture.advance(Duration::from_millis(23 * 3_600_000 - 50));
        let paying = futures::future::join_all(all.iter().map(async |(user, bought)| {
            let user = shop.user_of(user.identity());
            fixture.advance(Duration::from_millis(20));
            user.pay(&bought.invoice_id.to_string()).await.status
        }));
        paying.await;
        for (user, bought) in &all {
            let (user, id) = (shop.user_of(user.identity()), bought.subscription_id.to_string());
            passes(fixture, Duration::from_millis(200), async || {
                let seen = user.get(&id).await;
                let is_over = seen["status"] == "expired";
                (is_over || seen["provisioning"] == "active").then_some(())
            })
            .await;
            let invoice = user.invoice(&text(&user.get(&id).await["latest_invoice_id"])).await;
            assert!(invoice["status"] == "paid" || invoice["status"] == "void", "{invoice}");
        }
        books::agree(&shop).await;
    }
}
