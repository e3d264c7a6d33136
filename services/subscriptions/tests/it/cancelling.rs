//! How subscriptions are given up, and go on after all.

use std::time::Duration;

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{DAY, Shop, passes, text};
use crate::books;

on_both_databases! {
    async fn what_is_given_up_now_is_suspended_at_once_and_taken_away_later(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let cancelled = ada.cancel(&id, false).await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        ada.comes_to(&id, "suspended").await;
        assert!(shop.broker.made(&id).unwrap().is_suspended);
        assert_eq!(ada.cancel(&id, false).await.expect(200)["status"], "cancelled", "again changes nothing");
        assert_eq!(ada.resume(&id).await.expect(409)["code"], "not_resumable");
        let told = shop.event_types(&id).await;
        assert_eq!(told[told.len() - 2..], ["subscription.cancelled", "service.suspended"]);
        fixture.advance(DAY * 30);
        passes(fixture, Duration::from_millis(100), async || {
            let seen = shop.user_of(ada.identity()).get(&id).await;
            (seen["provisioning"] == "deprovisioned").then_some(())
        })
        .await;
        assert_eq!(shop.broker.count(), 0);
        // Somebody who gave up may begin again.
        shop.subscribe(&shop.user_of(ada.identity())).await;
        books::agree(&shop).await;
    }

    async fn what_was_never_paid_is_given_up_and_not_charged(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let (id, invoice_id) = (bought.subscription_id.to_string(), bought.invoice_id.to_string());
        assert_eq!(ada.cancel(&id, true).await.expect(200)["status"], "cancelled");
        assert_eq!(ada.invoice(&invoice_id).await["status"], "void");
        books::agree(&shop).await;
        let refused = ada.pay(&invoice_id).await;
        assert_eq!(refused.status, 409, "{}", refused.json());
        assert_eq!(ada.get(&id).await["provisioning"], "none");
    }

    async fn what_ends_with_its_period_ends_then(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let ending = ada.cancel(&id, true).await.expect(200);
        assert_eq!((&ending["status"], &ending["cancel_at_period_end"]), (&"active".into(), &json!(true)));
        assert_eq!(ada.cancel(&id, true).await.expect(200), ending, "again changes nothing");
        fixture.advance(DAY * 30);
        assert_eq!(shop.subscriptions.count("SELECT id FROM invoices").await, 1, "no renewal is issued");
        let ada = shop.user_of(ada.identity());
        assert_eq!(ada.get(&id).await["status"], "active");
        fixture.advance(DAY);
        passes(fixture, Duration::from_millis(100), async || {
            let seen = shop.user_of(ada.identity()).get(&id).await;
            (seen["status"] == "cancelled" && seen["provisioning"] == "suspended").then_some(())
        })
        .await;
        let rows = shop.subscriptions.rows("SELECT end_reason FROM subscriptions").await;
        assert_eq!(rows[0].get::<String>("end_reason").unwrap(), "period_ended");
        books::agree(&shop).await;
    }

    async fn what_was_to_end_may_go_on(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let before = ada.resume(&id).await.expect(200);
        assert_eq!(before["cancel_at_period_end"], json!(false), "it goes on anyhow");
        // A week before its end there is an invoice, which is void once nobody wants it.
        fixture.advance(DAY * 25);
        let invoices = async |count: usize| {
            passes(fixture, Duration::from_millis(100), async || {
                (shop.subscriptions.count("SELECT id FROM invoices").await == count).then_some(())
            })
            .await;
        };
        invoices(2).await;
        let ada = shop.user_of(ada.identity());
        let invoice_id = text(&ada.get(&id).await["latest_invoice_id"]);
        ada.cancel(&id, true).await.expect(200);
        assert_eq!(ada.invoice(&invoice_id).await["status"], "void");
        let going_on = ada.resume(&id).await.expect(200);
        assert_eq!(going_on["cancel_at_period_end"], json!(false));
        invoices(3).await;
        let newest = text(&ada.get(&id).await["latest_invoice_id"]);
        assert_ne!(newest, invoice_id);
        ada.pay(&newest).await.expect(200);
        shop.invoice_becomes(&ada, &newest, "paid").await;
        books::agree(&shop).await;
    }

    async fn what_is_paid_while_it_is_given_up_is_given_back(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let (id, invoice_id) = (bought.subscription_id.to_string(), bought.invoice_id.to_string());
        let (_, cancelled) = futures::join!(ada.pay(&invoice_id), ada.cancel(&id, false));
        cancelled.expect(200);
        // Either it was paid before, or what was paid comes back.
        books::agree(&shop).await;
        assert_eq!(ada.get(&id).await["status"], "cancelled");
    }

    async fn an_answer_is_given_again_to_the_same_key(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let keyed = ada.subscriptions.keyed("key-1").client;
        let path = format!("/subscriptions/{id}/cancel");
        let first = keyed.post(&path, &json!({ "at_period_end": true })).await.expect(200);
        ada.resume(&id).await.expect(200);
        assert_eq!(keyed.post(&path, &json!({ "at_period_end": true })).await.expect(200), first);
        assert_eq!(ada.get(&id).await["cancel_at_period_end"], json!(false));
        keyed.post(&path, &json!({ "at_period_end": false })).await.expect(422);
    }
}
