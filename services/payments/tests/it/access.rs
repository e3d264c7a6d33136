//! Who may come in, and what the others are told.

use std::time::Duration;

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{TRANSACTIONS, Transactions as _, payments, start};

on_both_databases! {
    async fn payments_greets_everybody(fixture: &Fixture) {
        let app = start(fixture).await;
        assert_eq!(
            app.stranger().get("/").await.expect(200),
            json!({ "status": "ok", "service": "payment-service", "message": "Payment service is running" })
        );
    }

    async fn nobody_sees_what_is_anothers(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, eve, clerk) = (app.sign_up("ada"), app.sign_up("eve"), app.staff());
        ada.create("10").await;
        for other in [&eve, &clerk] {
            for path in ["/transactions/list", "/transactions"] {
                assert_eq!(other.client.get(path).await.expect(200), json!([]));
                // Nor by asking for it.
                let asked = other.client.get(&format!("{path}?user_id={}", ada.id)).await;
                assert_eq!(asked.expect(400)["code"], "invalid_query");
            }
            assert_eq!(other.pay().await, (0, "0.00".to_owned()));
        }
        let forged = json!({ "amount": 1, "user_id": ada.id });
        assert_eq!(eve.client.post("/transactions", &forged).await.expect(400)["code"], "validation_failed");
        assert_eq!(ada.counted("pending").await, 1);
        assert_eq!(app.count(TRANSACTIONS).await, 1);
    }

    async fn the_ledger_is_for_staff(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, clerk) = (app.sign_up("ada"), app.staff());
        ada.client.get("/admin/ledger").await.expect_error(403, "this needs the role `staff`");
        clerk.client.get("/admin/ledger").await.expect(200);
    }

    async fn without_keys_nobody_can_be_judged(fixture: &Fixture) {
        let app = payments(fixture).without_keys().start().await;
        let ada = app.sign_up("ada");
        for reply in [
            ada.send("10").await,
            ada.send_pay().await,
            ada.client.get("/transactions/list").await,
            ada.client.get("/transactions").await,
        ] {
            reply.expect_error(503, "Auth service unavailable");
            assert!(!reply.header("retry-after").is_empty());
        }
        app.stranger().get("/").await.expect(200);
    }

    async fn while_nobody_knows_who_was_signed_out_no_money_moves(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, revocations) = (app.sign_up("ada"), app.process.verifier.revocations());
        ada.create("10").await;
        revocations.follow(Duration::from_mins(1));
        revocations.mark_fresh();
        app.process.time.advance(Duration::from_mins(1));
        ada.create("10").await;
        app.process.time.advance(Duration::from_secs(1));
        for reply in [ada.send("10").await, ada.send_pay().await] {
            reply.expect_error(503, "Auth service unavailable");
            assert!(!reply.header("retry-after").is_empty());
        }
        // Looking at what is there goes on.
        assert_eq!(ada.counted("pending").await, 2);
        revocations.mark_fresh();
        assert_eq!(ada.pay().await, (2, "20.00".to_owned()));
    }
}
