//! The ledger as staff sees it.

use std::time::Duration;

use kit_testing::{Person, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Transactions as _, start};

fn money(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "USD" })
}

async fn read(clerk: &Person, query: &str) -> Value {
    clerk
        .client
        .get(&format!("/admin/ledger{query}"))
        .await
        .expect(200)
}

on_both_databases! {
    async fn each_change_is_posted_to_two_accounts(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, clerk) = (app.sign_up("ada"), app.staff());
        assert_eq!(read(&clerk, "").await, json!({ "items": [], "next_cursor": null }));
        let made = ada.create("850.50").await;
        app.process.time.advance(Duration::from_secs(1));
        ada.create("0.50").await;
        ada.pay().await;
        let listed = read(&clerk, "").await;
        let items = listed["items"].as_array().unwrap();
        let receivable = |minor| json!({ "account": "receivable", "user_id": ada.id, "amount": money(minor) });
        let ours = |account, minor| json!({ "account": account, "user_id": null, "amount": money(minor) });
        let entries: Vec<_> = items.iter().map(|item| item["entries"].clone()).collect();
        assert_eq!(
            entries,
            [
                json!([ours("cash", 85_100), receivable(-85_100)]),
                json!([receivable(50), ours("revenue", -50)]),
                json!([receivable(85_050), ours("revenue", -85_050)]),
            ],
            "the newest first"
        );
        assert_eq!(items[0]["kind"], "transactions_paid");
        assert!(items[0]["reference"].as_str().unwrap().starts_with("stl_"));
        assert_eq!(items[2]["kind"], "transaction_created");
        assert_eq!(items[2]["reference"], made["id"]);
        assert_eq!(items[2]["posted_at"], made["created_at"]);
        assert!(items[2]["id"].as_str().unwrap().starts_with("ltx_"));
        assert_eq!(listed["next_cursor"], Value::Null);
    }

    async fn what_was_posted_never_changes(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, clerk) = (app.sign_up("ada"), app.staff());
        ada.create("1").await;
        ada.create("2").await;
        let before = read(&clerk, "").await["items"].as_array().unwrap().clone();
        ada.pay().await;
        ada.create("3").await;
        ada.pay().await;
        let after = read(&clerk, "").await["items"].as_array().unwrap().clone();
        assert_eq!(after.len(), 5);
        assert_eq!(after[3..], before);
    }

    async fn the_ledger_is_read_a_page_at_a_time(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, clerk) = (app.sign_up("ada"), app.staff());
        for _ in 0..7 {
            ada.create("1").await;
        }
        let all = read(&clerk, "").await["items"].as_array().unwrap().clone();
        assert_eq!(all.len(), 7);
        let (mut met, mut query) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let page = clerk.client.get(&format!("/admin/ledger{query}")).await;
            let body = page.expect(200);
            met.extend(body["items"].as_array().unwrap().clone());
            let Some(cursor) = body["next_cursor"].as_str() else {
                assert_eq!(page.header("link"), "");
                break;
            };
            query = format!("?limit=3&cursor={cursor}");
            assert_eq!(page.header("link"), format!("<{query}>; rel=\"next\""));
            assert!(met.len() < 7, "the walk ends");
            // What is posted meanwhile is newer than the first page.
            ada.create("1").await;
        }
        assert_eq!(met, all);
    }
}
