//! Clients that go away in the middle.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::sync::Arc;

use kit_db::{Db, Dialect, Reader, Tx, sql};
use kit_testing::{App, Person, eventually, on_both_databases};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use crate::app::{TRANSACTIONS, Transactions as _, start};
use crate::books;

/// Sends a request and keeps the connection, without waiting for the answer.
async fn send(address: SocketAddr, line: &str, person: &Person, body: &str) -> TcpStream {
    let (token, length) = (&person.token, body.len());
    let request = format!(
        "{line} HTTP/1.1\r\nHost: payments\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// How many of PostgreSQL's sessions are in a transaction on a user's row, and how many of them wait.
async fn in_transaction(db: &Db) -> (i64, i64) {
    if db.dialect() == Dialect::Sqlite {
        return (0, 0);
    }
    let asked = db.read(async move |reader: &mut Reader| {
        sql("SELECT count(DISTINCT a.pid) AS open, \
                    count(DISTINCT a.pid) FILTER (WHERE a.wait_event_type = 'Lock') AS waiting \
             FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid JOIN pg_class c ON c.oid = l.relation \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relname = 'spending' AND a.pid <> pg_backend_pid()")
        .one(reader)
        .await
    });
    let row = asked.await.unwrap();
    (row.get("open").unwrap(), row.get("waiting").unwrap())
}

async fn all_ended(db: &Db) {
    eventually("no transaction is open", async || {
        (in_transaction(db).await.0 == 0).then_some(())
    })
    .await;
}

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
            if app.db.dialect() == Dialect::Postgres {
                eventually("it waits", async || (in_transaction(&app.db).await.1 > 0).then_some(())).await;
            }
            drop(stream);
            // An answer on another connection: the server has had its time to see that she left.
            ada.client.get("/").await.expect(200);
            go.add_permits(1);
            ada.create("4").await;
            all_ended(&app.db).await;
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
            for _ in 0..round * 5 {
                tokio::task::yield_now().await;
            }
            drop(stream);
        }
        ada.create("1").await;
        all_ended(&app.db).await;
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
            for _ in 0..round * 10 {
                tokio::task::yield_now().await;
            }
            drop(stream);
            let made = ada.keyed(&key).create("0.50").await;
            assert_eq!(ada.keyed(&key).create("0.50").await, made);
        }
        all_ended(&app.db).await;
        assert_eq!(app.count(TRANSACTIONS).await, 20);
        books::are_in_order(&app).await;
    }
}
