//! Requests that payments does not understand: a 4xx of the one shape, and nothing changed.

use bytes::Bytes;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{TRANSACTIONS, Transactions as _, start};
use crate::books;

fn pointers(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["pointer"].as_str()).collect()
}

on_both_databases! {
    async fn an_amount_that_is_none_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let (nines, zeros) = ("9".repeat(60_000), "0".repeat(60_000));
        let (endless, tiny) = (format!("1.{nines}"), format!("0.{zeros}1"));
        for (amount, message) in [
            ("0", "must be more than 0"),
            ("-0", "must be more than 0"),
            ("0.00", "must be more than 0"),
            ("0e999999999999999999999", "must be more than 0"),
            ("-5", "must be more than 0"),
            ("-0.01", "must be more than 0"),
            ("-92233720368547758.08", "must be more than 0"),
            ("1.234", "must have at most two decimals"),
            ("10.005", "must have at most two decimals"),
            ("0.001", "must have at most two decimals"),
            ("-0.001", "must have at most two decimals"),
            ("1e-3", "must have at most two decimals"),
            ("1e-400", "must have at most two decimals"),
            ("1e-99999999999999999999", "must have at most two decimals"),
            (&endless, "must have at most two decimals"),
            (&tiny, "must have at most two decimals"),
            ("1e400", "must be within ±92233720368547758.07"),
            ("1e99999999999999999999", "must be within ±92233720368547758.07"),
            ("92233720368547758.08", "must be within ±92233720368547758.07"),
            (&nines, "must be within ±92233720368547758.07"),
            ("\"10\"", "must be a decimal number"),
            ("\"abc\"", "must be a decimal number"),
            ("null", "must be a decimal number"),
            ("true", "must be a decimal number"),
            ("[1]", "must be a decimal number"),
            ("{}", "must be a decimal number"),
            ("{\"$serde_json::private::RawValue\":\"10\"}", "must be a decimal number"),
            ("{\"$serde_json::private::Number\":\"10\"}", "must be a decimal number"),
        ] {
            let shown = &amount[..amount.len().min(40)];
            let body = ada.send(amount).await.expect(400);
            assert_eq!(body["code"], "validation_failed", "{shown}: {body}");
            assert_eq!(pointers(&body), ["/amount"], "{shown}: {body}");
            assert_eq!(body["errors"][0]["message"], message, "{shown}");
        }
        for amount in ["NaN", "Infinity", "01", "+1", ".5", "5.", "1e", "0x10", "1_000", "1,5", "--1", ""] {
            assert_eq!(ada.send(amount).await.expect(400)["code"], "malformed_json", "{amount}");
        }
        assert_eq!(app.count(TRANSACTIONS).await, 0);
        books::are_in_order(&app).await;
    }

    async fn everything_else_that_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for (body, wrong) in [
            (json!({}), &["/amount"][..]),
            (json!({ "description": "x" }), &["/amount"]),
            (json!({ "amount": 1, "description": 7 }), &["/description"]),
            (json!({ "amount": 1, "description": "a\u{0}b" }), &["/description"]),
            (json!({ "amount": 1, "description": "x".repeat(501) }), &["/description"]),
            (json!({ "amount": 0, "description": "\u{0}" }), &["/amount", "/description"]),
            (json!({ "amount": 1, "status": "paid" }), &["/status"]),
            (json!({ "amount": 1, "currency": "USD" }), &["/currency"]),
            (json!({ "Amount": 1 }), &["/Amount"]),
        ] {
            let refused = ada.client.post("/transactions", &body).await.expect(400);
            assert_eq!(refused["code"], "validation_failed", "{body}");
            assert_eq!(pointers(&refused), wrong, "{body}");
        }
        let twice = ada.send_body("{\"amount\":1,\"amount\":2}").await.expect(400);
        assert_eq!(pointers(&twice), ["/amount"]);
        for body in [json!(null), json!([]), json!([1, "books"]), json!(10), json!("10")] {
            ada.client.post("/transactions", &body).await.expect(400);
        }
        assert_eq!(app.count(TRANSACTIONS).await, 0);
    }

    async fn bytes_that_are_no_json_are_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let send = async |content_type, body: Bytes| {
            ada.client.send_raw(Method::POST, "/transactions", content_type, body).await
        };
        let json = Some("application/json");
        send(json, Bytes::new()).await.expect_error(400, "malformed JSON at line 1 column 0: EOF while parsing a value");
        assert_eq!(send(json, "{nope".into()).await.expect(400)["code"], "malformed_json");
        assert_eq!(send(json, "{\"amount\":1}{".into()).await.expect(400)["code"], "malformed_json");
        send(json, Bytes::from_static(b"{\"amount\":1,\"description\":\"\xff\"}")).await.expect(400);
        let message = "the content type must be `application/json`";
        send(None, "{\"amount\":1}".into()).await.expect_error(415, message);
        send(Some("text/plain"), "{\"amount\":1}".into()).await.expect_error(415, message);
        let huge = format!("{{\"amount\":{}}}", "1".repeat(70_000));
        send(json, huge.into()).await.expect_error(413, "the body is larger than 65536 bytes");
        assert_eq!(app.count(TRANSACTIONS).await, 0);
    }

    async fn a_method_or_path_that_is_not_there_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for (method, path) in [
            (Method::DELETE, "/transactions"),
            (Method::PUT, "/transactions"),
            (Method::POST, "/transactions/list"),
            (Method::GET, "/transactions/pay"),
            (Method::POST, "/admin/ledger"),
        ] {
            let refused = ada.client.send(method, path, None).await;
            refused.expect_error(405, "this path does not know the method");
        }
        let made = ada.create("1").await;
        let path = format!("/transactions/{}", made["id"].as_str().unwrap());
        ada.client.get(&path).await.expect_error(404, "there is nothing at this path");
    }
}
