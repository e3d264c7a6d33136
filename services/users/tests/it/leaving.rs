//! Clients that go away in the middle.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;

use kit_db::{Db, Dialect, Reader, Tx, sql};
use kit_testing::{Person, eventually, on_both_databases};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::app::{HasProfile as _, PROFILES, UsersApp, gate};

/// Sends a request and keeps the connection, without waiting for the answer.
async fn send(address: SocketAddr, line: &str, person: &Person, body: &Value) -> TcpStream {
    let (token, body) = (&person.token, body.to_string());
    let request = format!(
        "{line} HTTP/1.1\r\nHost: users\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// How many of PostgreSQL's sessions are in a transaction on profiles, and how many of them wait.
async fn in_transaction(db: &Db) -> (i64, i64) {
    if db.dialect() == Dialect::Sqlite {
        return (0, 0);
    }
    let asked = db.read(async move |reader: &mut Reader| {
        sql("SELECT count(DISTINCT a.pid) AS open, \
                    count(DISTINCT a.pid) FILTER (WHERE a.wait_event_type = 'Lock') AS waiting \
             FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid JOIN pg_class c ON c.oid = l.relation \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relname = 'profiles' AND a.pid <> pg_backend_pid()")
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

on_both_databases! {
    async fn who_leaves_in_the_middle_of_a_write_leaves_nothing_half_done(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let (gate, mut gate_handle) = gate();
        // Somebody else holds her profile, so that what she sends has to wait in its transaction.
        let (db, id, held) = (app.db.clone(), ada.id.clone(), gate.clone());
        app.process.lifecycle.tasks().spawn("holder", async move {
            let holding = db.write(async move |tx: &mut Tx| {
                sql("UPDATE profiles SET bio = bio WHERE user_id = $1").bind(id.as_str()).execute(tx).await?;
                held.pass().await;
                Ok::<_, kit_db::StoreError>(())
            });
            holding.await.unwrap();
        });
        assert_eq!(gate_handle.next().await, "came");
        let change = json!({ "full_name": "gone", "bio": "gone" });
        let stream = send(app.address, &format!("PUT {}", ada.path()), &ada, &change).await;
        if app.db.dialect() == Dialect::Postgres {
            eventually("it waits", async || (in_transaction(&app.db).await.1 > 0).then_some(())).await;
        }
        drop(stream);
        // An answer on another connection: the server has had its time to see that she left.
        ada.client.get("/").await.expect(200);
        gate_handle.open();
        ada.client.put(&ada.path(), &json!({ "bio": "back" })).await.expect(200);
        all_ended(&app.db).await;
        let seen = ada.seen().await;
        // Not at all, before the other, or after it.
        let whole = [json!(["Ada Lovelace", "back"]), json!(["gone", "back"]), json!(["gone", "gone"])];
        assert!(whole.contains(&json!([seen["full_name"], seen["bio"]])), "{seen}");
    }

    async fn who_leaves_while_auth_is_asked_has_asked_for_nothing(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let (gate, mut gate_handle) = gate();
        app.auth.wait_at(gate);
        let stream = send(app.address, "PUT /profile", &ada, &json!({ "bio": "gone" })).await;
        assert_eq!(gate_handle.next().await, "came");
        assert_eq!(in_transaction(&app.db).await, (0, 0), "no transaction waits for auth");
        drop(stream);
        assert_eq!(gate_handle.next().await, "left");
        gate_handle.open();
        assert_eq!(app.count(PROFILES).await, 0);
        ada.client.put("/profile", &json!({ "bio": "back" })).await.expect(200);
        assert_eq!(ada.seen().await["bio"], "back");
    }

    async fn who_leaves_at_any_moment_leaves_all_or_nothing(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        ada.client.put(&ada.path(), &json!({ "full_name": "start", "bio": "start" })).await.expect(200);
        for round in 0..100 {
            let text = format!("round {round}");
            let change = json!({ "full_name": text, "bio": text });
            let stream = send(app.address, &format!("PUT {}", ada.path()), &ada, &change).await;
            for _ in 0..round * 5 {
                tokio::task::yield_now().await;
            }
            drop(stream);
            if round % 10 == 0 {
                let seen = ada.seen().await;
                assert_eq!(seen["full_name"], seen["bio"], "{seen}");
            }
        }
        all_ended(&app.db).await;
        let seen = ada.seen().await;
        assert_eq!(seen["full_name"], seen["bio"], "{seen}");
        ada.client.put(&ada.path(), &json!({ "bio": "back" })).await.expect(200);
    }

    async fn who_leaves_while_making_a_profile_made_it_or_not(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let mut persons = Vec::new();
        for round in 0..40 {
            let person = app.sign_up(&format!("user{round}"));
            let stream = send(app.address, "POST /users", &person, &person.profile()).await;
            for _ in 0..round * 5 {
                tokio::task::yield_now().await;
            }
            drop(stream);
            persons.push(person);
        }
        for person in persons {
            let again = person.client.post("/users", &person.profile()).await;
            assert!([200, 409].contains(&again.status.as_u16()), "{}", again.json());
            assert_eq!(person.seen().await["bio"], "Writes programs");
        }
        assert_eq!(app.count(PROFILES).await, 40);
    }
}
