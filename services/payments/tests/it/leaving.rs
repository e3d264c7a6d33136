//! Clients that go away in the middle.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::Arc;

use kit_db::{Tx, sql};
use kit_testing::leaving::{let_run, send, until_all_ended, until_one_waits};
use kit_testing::{App, Person, on_both_databases};
use tokio::sync::{Semaphore, oneshot};

use crate::app::{TRANSACTIONS, Transactions as _, start};
use crate::books;

/// The table whose rows are held and written.
const TABLE: &str = "spending";

/// Somebody else holds a user's row, so that what the user sends has to wait in its transaction, until the
/// permit is given.
async fn hold(app: &App, person: &Person) -> Arc<Semaphore> {
    let (go, came) = (Arc::new(Semaphore::new(0)), oneshot::channel());
    let (db, id, gate) = (app.db.clone(), person.id.clone(), go.clone());
    let sender = Arc::new(std::sync::Mutex::new(Some(came.0)));
    app.process.lifecycle.tasks().spawn("holder", async move {
        let holding = db.write(async move |tx: &mut Tx| {
            sql("UPDATE spending SET unpaid_minor = unpaid_minor WHERE user_id = $1")
                .bind(id.as_str())
                .execute(tx)
                .await?;
            if let Some(sender) = sender.lock().unwrap().take() {
                let _ = sender.send(());
            }
            let _permit = gate.acquire().await;
            Ok::<_, kit_db::StoreError>(())
        });
        holding.await.unwrap();
    });
    came.1.await.unwrap();
    go
}

on_both_databases! {
    async fn who_leaves_in_the_middle_of_a_write_leaves_nothing_half_done(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("1").await;
        for (line, body) in [("POST /transactions", "{\"amount\":2}"), ("POST /transactions/pay", "")] {
            let go = hold(&app, &ada).await;
            let stream = send(app.address, line, &ada, body).await;
            until_one_waits(&app.db, TABLE).await;
            drop(stream);
            // An answer on another connection: the server has had its time to see that she left.
            ada.client.get("/").await.expect(200);
            go.add_permits(1);
            ada.create("4").await;
            until_all_ended(&app.db, TABLE).await;
            books::are_in_order(&app).await;
        }
        ada.pay().await;
        assert_eq!(ada.counted("pending").await, 0);
        books::are_in_order(&app).await;
    }

    async fn who_leaves_at_any_moment_made_and_paid_all_or_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for round in 0..60 {
            let (line, body) = match round % 3 {
                0 => ("POST /transactions/pay", ""),
                _ => ("POST /transactions", "{\"amount\":0.50}"),
            };
            let stream = send(app.address, line, &ada, body).await;
            let_run(round * 5).await;
            drop(stream);
        }
        ada.create("1").await;
        until_all_ended(&app.db, TABLE).await;
        ada.pay().await;
        assert_eq!(ada.counted("pending").await, 0);
        books::are_in_order(&app).await;
    }

    async fn who_leaves_and_comes_back_with_the_same_key_made_one(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for round in 0..20 {
            let key = format!("key-{round}");
            let line = format!("POST /transactions HTTP/1.1\r\nIdempotency-Key: {key}\r\nX-Rest:");
            let stream = send(app.address, &line, &ada, "{\"amount\":0.50,\"description\":\"books\"}").await;
            let_run(round * 10).await;
            drop(stream);
            let made = ada.keyed(&key).create("0.50").await;
            assert_eq!(ada.keyed(&key).create("0.50").await, made);
        }
        until_all_ended(&app.db, TABLE).await;
        assert_eq!(app.count(TRANSACTIONS).await, 20);
        books::are_in_order(&app).await;
    }
}
