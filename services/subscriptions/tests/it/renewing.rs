//! Subscriptions over the months, by a clock in the teller's hand.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_runtime::Timestamp;
use kit_testing::{Fixture, on_both_databases};
use serde_json::Value;

use crate::app::{DAY, Shop, User, passes, plan, request, text};
use crate::books;

/// Lets time pass to a moment, and a little more, so that what is due then is done.
fn reach(fixture: &Fixture, moment: Timestamp) {
    let now = fixture.process().clock().now();
    fixture.advance(moment.since(now));
}

fn moment(value: &Value) -> Timestamp {
    text(value).parse().unwrap()
}

/// Somebody with tokens of now, once a subscription is as it should be.
async fn comes_to(
    fixture: &Fixture,
    shop: &Shop,
    (user, id): (&User, &str),
    is_so: impl Fn(&Value) -> bool,
) -> (User, Value) {
    passes(fixture, Duration::from_millis(100), async || {
        let user = shop.user_of(user.identity());
        let seen = user.get(id).await;
        is_so(&seen).then_some((user, seen))
    })
    .await
}

/// Pays the newest invoice; its end of the period then.
async fn renew(fixture: &Fixture, shop: &Shop, (user, id): (&User, &str)) -> User {
    let before = user.get(id).await;
    let end = moment(&before["current_period"]["end"]);
    reach(fixture, end.minus(DAY * 7));
    let is_issued = |seen: &Value| seen["latest_invoice_id"] != before["latest_invoice_id"];
    let (user, seen) = comes_to(fixture, shop, (user, id), is_issued).await;
    let invoice_id = text(&seen["latest_invoice_id"]);
    let invoice = user.invoice(&invoice_id).await;
    assert_eq!(
        (&invoice["status"], moment(&invoice["due_at"])),
        (&"open".into(), end)
    );
    assert_eq!(
        invoice["lines"][0]["period"]["start"],
        before["current_period"]["end"]
    );
    user.pay(&invoice_id).await.expect(200);
    shop.invoice_becomes(&user, &invoice_id, "paid").await;
    reach(fixture, end);
    let begins = |seen: &Value| seen["current_period"]["start"] == before["current_period"]["end"];
    let (user, seen) = comes_to(fixture, shop, (&user, id), begins).await;
    assert_eq!(seen["status"], "active");
    user
}

on_both_databases! {
    async fn it_is_renewed_for_more_than_a_year_through_month_ends_and_a_leap_day(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        // 31 October 2031.
        fixture.advance(DAY * 668);
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let mut user = ada;
        let mut ends = vec![user.get(&id).await["current_period"]["end"].clone()];
        for _ in 0..12 {
            user = renew(fixture, &shop, (&user, &id)).await;
            ends.push(user.get(&id).await["current_period"]["end"].clone());
        }
        let days: Vec<_> = ends.iter().map(|end| text(end)[..10].to_owned()).collect();
        assert_eq!(days, [
            "2031-11-30", "2031-12-31", "2032-01-31", "2032-02-29", "2032-03-31", "2032-04-30", "2032-05-31",
            "2032-06-30", "2032-07-31", "2032-08-31", "2032-09-30", "2032-10-31", "2032-11-30",
        ]);
        let told = shop.event_types(&id).await;
        assert_eq!(told.iter().filter(|kind| *kind == "subscription.renewed").count(), 12);
        assert_eq!(told.iter().filter(|kind| *kind == "subscription.past_due").count(), 0);
        assert_eq!(shop.broker.done("provision"), 1);
        let rows = shop.subscriptions.rows("SELECT payload FROM outbox WHERE type = 'subscription.renewed' ORDER BY position").await;
        let last: Value = serde_json::from_str(&rows[11].get::<String>("payload").unwrap()).unwrap();
        assert_eq!(last["period_end"], ends[12]);
        books::agree(&shop).await;
    }

    async fn other_durations_are_counted_in_days(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let mut asked = request(&ada);
        asked.plan = plan(3);
        let bought = shop.create(asked).await.unwrap();
        let id = bought.subscription_id.to_string();
        ada.pay(&bought.invoice_id.to_string()).await.expect(200);
        let paid = ada.until(&id, |seen| seen["status"] == "active").await;
        assert_eq!(paid["current_period"]["end"], "2030-01-04T00:00:00.000000Z");
        // Its renewal is issued in the middle of the period.
        fixture.advance(Duration::from_hours(35));
        assert_eq!(shop.subscriptions.count("SELECT id FROM invoices").await, 1);
        fixture.advance(Duration::from_hours(1));
        let is_issued = |seen: &Value| seen["latest_invoice_id"] != paid["latest_invoice_id"];
        comes_to(fixture, &shop, (&ada, &id), is_issued).await;
        books::agree(&shop).await;
    }

    async fn what_is_not_paid_is_reminded_suspended_ended_and_taken_away(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let end = moment(&ada.get(&id).await["current_period"]["end"]);
        reach(fixture, end.minus(DAY * 7));
        passes(fixture, Duration::from_millis(100), async || {
            (shop.subscriptions.count("SELECT id FROM invoices").await == 2).then_some(())
        })
        .await;
        reach(fixture, end);
        let (_, seen) = comes_to(fixture, &shop, (&ada, &id), |seen| seen["status"] == "past_due").await;
        assert_eq!(seen["provisioning"], "active", "there is a grace");
        let reminded = async |count: usize| {
            passes(fixture, Duration::from_millis(100), async || {
                let told = shop.event_types(&id).await;
                (told.iter().filter(|kind| *kind == "subscription.past_due").count() == count).then_some(())
            })
            .await;
        };
        let later = |days: u32| end.plus(DAY * days + Duration::from_mins(1));
        reach(fixture, later(2));
        reminded(2).await;
        reach(fixture, later(7));
        reminded(3).await;
        let (_, seen) = comes_to(fixture, &shop, (&ada, &id), |seen| seen["provisioning"] == "suspended").await;
        assert_eq!(seen["status"], "past_due");
        assert!(shop.broker.made(&id).unwrap().is_suspended);
        reach(fixture, later(14));
        reminded(4).await;
        reach(fixture, later(21));
        let (ada, seen) = comes_to(fixture, &shop, (&ada, &id), |seen| seen["status"] == "expired").await;
        assert_eq!(ada.invoice(&text(&seen["latest_invoice_id"])).await["status"], "void");
        assert!(shop.broker.made(&id).is_some(), "what is in it is kept");
        fixture.advance(DAY * 29);
        comes_to(fixture, &shop, (&ada, &id), |seen| seen["provisioning"] == "suspended").await;
        fixture.advance(DAY);
        comes_to(fixture, &shop, (&ada, &id), |seen| seen["provisioning"] == "deprovisioned").await;
        assert_eq!(shop.broker.count(), 0);
        let told = shop.event_types(&id).await;
        assert_eq!(told.last().map(String::as_str), Some("service.deprovisioned"));
        assert_eq!(told.iter().filter(|kind| *kind == "subscription.past_due").count(), 4);
        books::agree(&shop).await;
    }

    async fn what_is_paid_late_goes_on_from_the_anchor(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let end = moment(&ada.get(&id).await["current_period"]["end"]);
        reach(fixture, end.minus(DAY * 7));
        passes(fixture, Duration::from_millis(100), async || {
            (shop.subscriptions.count("SELECT id FROM invoices").await == 2).then_some(())
        })
        .await;
        reach(fixture, end);
        comes_to(fixture, &shop, (&ada, &id), |seen| seen["status"] == "past_due").await;
        reach(fixture, end.plus(DAY * 10));
        let (ada, seen) = comes_to(fixture, &shop, (&ada, &id), |seen| seen["provisioning"] == "suspended").await;
        ada.pay(&text(&seen["latest_invoice_id"])).await.expect(200);
        let (_, seen) = comes_to(fixture, &shop, (&ada, &id), |seen| seen["provisioning"] == "active").await;
        assert_eq!(seen["status"], "active");
        assert_eq!(seen["current_period"]["start"], "2030-02-01T00:00:00.000000Z");
        assert_eq!(seen["current_period"]["end"], "2030-03-01T00:00:00.000000Z");
        assert!(!shop.broker.made(&id).unwrap().is_suspended);
        let told = shop.event_types(&id).await;
        assert_eq!(told[told.len() - 3..], ["invoice.paid", "subscription.renewed", "service.resumed"]);
        books::agree(&shop).await;
    }

    async fn a_process_that_was_away_for_long_leaves_time_to_pay(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        shop.subscriptions.stop().await;
        fixture.advance(DAY * 60);
        let (payments, broker) = (shop.payments, shop.broker);
        let app = crate::app::subscriptions_builder(fixture, payments.contract(), &broker).await;
        let shop = Shop { subscriptions: app.start().await, payments, broker };
        let is_issued = async || (shop.subscriptions.count("SELECT id FROM invoices").await == 2).then_some(());
        kit_testing::eventually("the invoice is issued", is_issued).await;
        let ada = shop.user_of(ada.identity());
        let seen = ada.get(&id).await;
        assert_eq!(seen["status"], "active");
        let invoice = ada.invoice(&text(&seen["latest_invoice_id"])).await;
        assert_eq!(moment(&invoice["due_at"]), moment(&invoice["issued_at"]).plus(DAY * 7));
        books::agree(&shop).await;
    }
}
