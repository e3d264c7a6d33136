//! What one user's transactions may come to: exactly that, and not a cent more.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{OVER, TRANSACTIONS, Transactions as _, start, start_limited};
use crate::books;

on_both_databases! {
    async fn a_user_may_come_up_to_the_limit_and_not_a_cent_over(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        ada.create("850.50").await;
        ada.send("150").await.expect_error(400, OVER);
        ada.send("149.51").await.expect_error(400, OVER);
        ada.create("149.50").await;
        let refused = ada.send("0.01").await;
        refused.expect_error(400, OVER);
        assert_eq!(refused.json()["code"], "transaction_limit_exceeded");
        // Everybody has a limit of their own.
        bob.create("1000").await;
        bob.send("0.01").await.expect_error(400, OVER);
        assert_eq!(ada.each("amount").await, [json!(149.5), json!(850.5)]);
        books::are_in_order(&app).await;
    }

    async fn one_that_is_over_by_itself_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for amount in ["1000.01", "1e15", "92233720368547758.07"] {
            ada.send(amount).await.expect_error(400, OVER);
        }
        assert_eq!(app.count(TRANSACTIONS).await, 0);
        ada.create("1000").await;
        for amount in ["1000.01", "92233720368547758.07"] {
            ada.send(amount).await.expect_error(400, OVER);
        }
        books::are_in_order(&app).await;
    }

    async fn what_is_paid_still_counts(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("1000").await;
        assert_eq!(ada.pay().await, (1, "1000.00".to_owned()));
        ada.send("0.01").await.expect_error(400, OVER);
    }

    async fn where_only_the_unpaid_counts_paying_makes_room(fixture: &Fixture) {
        let app = start_limited(fixture, "10.50", "unpaid").await;
        let ada = app.sign_up("ada");
        let over = "Transaction limit exceeded: maximum 10.50 total per user";
        for round in 0..3 {
            ada.create("10").await;
            ada.send("0.51").await.expect_error(400, over);
            ada.create("0.50").await;
            ada.send("0.01").await.expect_error(400, over);
            ada.send("10.51").await.expect_error(400, over);
            assert_eq!(ada.pay().await, (2, "10.50".to_owned()), "round {round}");
        }
        books::are_in_order(&app).await;
    }

    async fn of_fifty_at_once_as_many_pass_as_there_is_room_for(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("0.07").await;
        let sending = (0..50).map(|_| {
            let ada = ada.clone();
            async move { ada.send("33.33").await }
        });
        let replies = join_all(sending).await;
        let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
        // 30 times 33.33 and 0.07 are 999.97.
        assert_eq!((made.len(), refused.len()), (30, 20));
        for reply in refused {
            reply.expect_error(400, OVER);
        }
        ada.send("0.04").await.expect_error(400, OVER);
        ada.create("0.03").await;
        assert_eq!(ada.pay().await, (32, "1000.00".to_owned()));
        books::are_in_order(&app).await;
    }

    async fn the_first_of_a_user_may_race_as_well(fixture: &Fixture) {
        let app = start(fixture).await;
        for round in 0..5 {
            let ada = app.sign_up(&format!("ada{round}"));
            let sending = (0..10).map(|_| {
                let ada = ada.clone();
                async move { ada.send("501").await.status.as_u16() }
            });
            let mut statuses = join_all(sending).await;
            statuses.sort_unstable();
            assert_eq!((statuses[0], &statuses[1..]), (201, &[400; 9][..]));
        }
        books::are_in_order(&app).await;
    }

    async fn where_only_the_unpaid_counts_it_is_exact_while_others_pay(fixture: &Fixture) {
        let app = start_limited(fixture, "10", "unpaid").await;
        let ada = app.sign_up("ada");
        let sending = (0..50).map(|number| {
            let ada = ada.clone();
            async move {
                if number % 5 == 0 {
                    return ada.send_pay().await.expect(200)["transactions_paid"].as_u64().unwrap();
                }
                let reply = ada.send("2.50").await;
                assert!([201, 400].contains(&reply.status.as_u16()), "{}", reply.json());
                0
            }
        });
        let at_once = join_all(sending).await;
        assert!(at_once.iter().all(|paid| *paid <= 4), "never more than ten is unpaid: {at_once:?}");
        books::are_in_order(&app).await;
    }
}
