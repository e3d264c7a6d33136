//! Paying what is pending.

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Transactions as _, start};
use crate::books;

on_both_databases! {
    async fn all_that_is_pending_is_paid(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        for amount in ["0.10", "0.20", "849.70"] {
            ada.create(amount).await;
        }
        bob.create("5").await;
        let reply = ada.send_pay().await;
        assert_eq!(reply.expect(200), json!({ "transactions_paid": 3, "amount_paid": 850.0 }));
        assert_eq!(reply.body, "{\"transactions_paid\":3,\"amount_paid\":850.00}");
        assert_eq!(ada.counted("paid").await, 3);
        assert_eq!(bob.counted("pending").await, 1, "what is another's stays");
        ada.create("1").await;
        assert_eq!((ada.counted("paid").await, ada.counted("pending").await), (3, 1));
        assert_eq!(ada.pay().await, (1, "1.00".to_owned()));
        books::are_in_order(&app).await;
    }

    async fn paying_changes_nothing_but_the_status(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let mut made = ada.create("1").await;
        ada.pay().await;
        made["status"] = json!("paid");
        assert_eq!(ada.transactions().await, [made]);
    }

    async fn where_nothing_is_pending_nothing_is_paid(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let nothing = "{\"transactions_paid\":0,\"amount_paid\":0.00}";
        assert_eq!(ada.send_pay().await.body, nothing, "never had any");
        ada.create("1").await;
        ada.pay().await;
        for _ in 0..3 {
            let reply = ada.send_pay().await;
            reply.expect(200);
            assert_eq!(reply.body, nothing);
        }
        books::are_in_order(&app).await;
    }

    async fn what_a_client_sends_along_with_a_payment_does_not_matter(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("1").await;
        let paid = ada.client.post("/transactions/pay", &json!({})).await.expect(200);
        assert_eq!(paid["transactions_paid"], 1);
    }
}
