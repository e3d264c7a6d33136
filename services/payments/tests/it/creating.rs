//! Making a transaction, to the digit.

use std::time::Duration;

use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{Transactions as _, start, start_limited};
use crate::books;

on_both_databases! {
    async fn a_transaction_is_answered_as_it_was_made(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let reply = ada.send("850.50").await;
        let made = reply.expect(201);
        let id = made["id"].as_str().unwrap();
        assert!(id.starts_with("txn_") && id.len() == 40, "{id}");
        assert_eq!(
            made,
            json!({
                "id": id, "user_id": ada.id, "amount": 850.5, "description": "books", "status": "pending",
                "created_at": "2030-01-01T00:00:00.000000Z",
            })
        );
        assert_eq!(reply.header("content-type"), "application/json");
        let printed = String::from_utf8(reply.body.to_vec()).unwrap();
        assert!(printed.contains("\"amount\":850.50,"), "{printed}");
        let listed = ada.client.get("/transactions/list").await;
        assert_eq!(listed.expect(200), json!([made]));
        assert_eq!(listed.body, format!("[{printed}]"), "to the letter");
        books::are_in_order(&app).await;
    }

    async fn a_description_may_be_left_out(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for (body, description) in [
            (json!({ "amount": 1 }), Value::Null),
            (json!({ "amount": 1, "description": null }), Value::Null),
            (json!({ "amount": 1, "description": "" }), json!("")),
            (json!({ "amount": 1, "description": "é".repeat(500) }), json!("é".repeat(500))),
            (json!({ "amount": 1, "description": "'); DROP TABLE \"x\"\n" }), json!("'); DROP TABLE \"x\"\n")),
        ] {
            let made = ada.client.post("/transactions", &body).await.expect(201);
            assert_eq!(made["description"], description);
            assert_eq!(ada.transactions().await[0], made);
        }
    }

    async fn an_amount_is_kept_to_the_digit(fixture: &Fixture) {
        let app = start_limited(fixture, "92233720368547758.07", "all").await;
        for (sent, printed) in [
            ("0.01", "0.01"), ("0.1", "0.10"), ("0.29", "0.29"), ("1.15", "1.15"), ("10", "10.00"),
            ("1e2", "100.00"), ("1E+2", "100.00"), ("12.5e1", "125.00"), ("1000e-2", "10.00"), ("10.000", "10.00"),
            ("0.010", "0.01"), ("850.50", "850.50"), ("9007199254740993", "9007199254740993.00"),
            ("90071992547409.93", "90071992547409.93"), ("92233720368547758.07", "92233720368547758.07"),
            ("9223372036854775807e-2", "92233720368547758.07"),
        ] {
            let ada = app.sign_up("ada");
            let reply = ada.send(sent).await;
            reply.expect(201);
            let expected = format!("\"amount\":{printed},");
            let answer = String::from_utf8(reply.body.to_vec()).unwrap();
            assert!(answer.contains(&expected), "{sent}: {answer}");
            assert_eq!(ada.client.get("/transactions").await.body, format!("[{answer}]"));
            assert_eq!(ada.pay().await, (1, printed.to_owned()));
        }
        books::are_in_order(&app).await;
    }

    async fn a_number_may_be_written_with_many_zeros(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let zeros = "0".repeat(60_000);
        for text in [format!("1.{zeros}"), format!("1{zeros}e-60000")] {
            ada.create(&text).await;
        }
        assert_eq!(ada.pay().await, (2, "2.00".to_owned()));
    }

    async fn transactions_live_on_after_a_restart(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("1.50").await;
        app.process.time.advance(Duration::from_secs(1));
        ada.create("2.50").await;
        let before = ada.transactions().await;
        app.stop().await;
        let app = start(fixture).await;
        let ada = app.person(ada.identity);
        assert_eq!(ada.transactions().await, before);
        assert_eq!(ada.pay().await, (2, "4.00".to_owned()));
    }
}
