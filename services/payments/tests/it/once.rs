//! `Idempotency-Key`: what is asked for once happens once, however often it is sent.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{OVER, TRANSACTIONS, Transactions as _, start, start_limited};
use crate::books;

const REUSED: &str = "`Idempotency-Key` was used for another request";

on_both_databases! {
    async fn the_same_request_gets_the_same_answer(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let keyed = ada.keyed("key");
        let first = keyed.send("7.10").await;
        first.expect(201);
        // The same number in another spelling is the same request.
        for amount in ["7.10", "7.1", "71e-1"] {
            let again = keyed.send(amount).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body));
        }
        assert_eq!(app.count(TRANSACTIONS).await, 1);
        ada.create("7.10").await;
        ada.keyed("another").create("7.10").await;
        assert_eq!(app.count(TRANSACTIONS).await, 3);
        books::are_in_order(&app).await;
    }

    async fn another_request_with_the_same_key_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada").keyed("key"), app.sign_up("bob").keyed("key"));
        ada.create("7").await;
        let other = ada.send("8").await;
        other.expect_error(422, REUSED);
        assert_eq!(other.json()["code"], "idempotency_key_reused");
        ada.client.post("/transactions", &json!({ "amount": 7 })).await.expect_error(422, REUSED);
        // Another user's keys are other keys, and so are another route's.
        bob.create("8").await;
        assert_eq!(ada.pay().await, (1, "7.00".to_owned()));
        assert_eq!(bob.counted("pending").await, 1);
        books::are_in_order(&app).await;
    }

    async fn a_payment_sent_again_pays_nothing_more(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("1").await;
        ada.create("2").await;
        let keyed = ada.keyed("key");
        assert_eq!(keyed.pay().await, (2, "3.00".to_owned()));
        ada.create("4").await;
        assert_eq!(keyed.pay().await, (2, "3.00".to_owned()));
        assert_eq!(ada.counted("pending").await, 1);
        assert_eq!(ada.pay().await, (1, "4.00".to_owned()));
        books::are_in_order(&app).await;
    }

    async fn a_payment_of_nothing_is_remembered_too(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let keyed = ada.keyed("key");
        assert_eq!(keyed.pay().await, (0, "0.00".to_owned()));
        ada.create("4").await;
        assert_eq!(keyed.pay().await, (0, "0.00".to_owned()));
        assert_eq!(ada.counted("pending").await, 1);
    }

    async fn a_refusal_that_changed_nothing_is_not_kept(fixture: &Fixture) {
        let app = start_limited(fixture, "1000", "unpaid").await;
        let ada = app.sign_up("ada");
        ada.create("1000").await;
        let keyed = ada.keyed("key");
        keyed.send("1").await.expect_error(400, OVER);
        keyed.send("0").await.expect(400);
        ada.pay().await;
        keyed.create("1").await;
        keyed.create("1").await;
        assert_eq!(app.count(TRANSACTIONS).await, 2);
    }

    async fn the_answer_is_known_after_a_restart_and_a_lower_limit(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let first = ada.keyed("key").send("7").await;
        app.stop().await;
        let app = start_limited(fixture, "5", "all").await;
        let ada = app.person(ada.identity);
        let again = ada.keyed("key").send("7").await;
        assert_eq!((again.status, again.body), (first.status, first.body));
        assert_eq!(app.count(TRANSACTIONS).await, 1);
        ada.send("7").await.expect_error(400, "Transaction limit exceeded: maximum 5 total per user");
    }

    async fn fifty_at_once_make_one_transaction(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let replies = join_all((0..50).map(|_| {
            let keyed = ada.keyed("key");
            async move { keyed.send("7").await }
        }))
        .await;
        for reply in &replies {
            reply.expect(201);
            assert_eq!(reply.body, replies[0].body);
        }
        assert_eq!(app.count(TRANSACTIONS).await, 1);
        books::are_in_order(&app).await;
    }

    async fn fifty_at_once_pay_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("1").await;
        ada.create("2").await;
        let paid = join_all((0..50).map(|_| {
            let keyed = ada.keyed("key");
            async move { keyed.pay().await }
        }))
        .await;
        assert!(paid.iter().all(|paid| *paid == (2, "3.00".to_owned())), "{paid:?}");
        books::are_in_order(&app).await;
    }

    async fn a_key_that_cannot_be_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for key in ["", &"x".repeat(256)] {
            let keyed = ada.keyed(key);
            assert_eq!(keyed.send("1").await.expect(400)["code"], "invalid_idempotency_key");
            assert_eq!(keyed.send_pay().await.expect(400)["code"], "invalid_idempotency_key");
        }
        assert_eq!(app.count(TRANSACTIONS).await, 0);
    }
}
