//! Clients that go away in the middle.

use kit_db::{Tx, sql};
use kit_testing::leaving::{in_transaction, let_run, send, until_all_ended, until_one_waits};
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{HasProfile as _, PROFILES, UsersApp, gate};

/// The table whose rows are held and written.
const TABLE: &str = "profiles";

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
        let stream = send(app.address, &format!("PUT {}", ada.path()), &ada, &change.to_string()).await;
        until_one_waits(&app.db, TABLE).await;
        drop(stream);
        // An answer on another connection: the server has had its time to see that she left.
        ada.client.get("/").await.expect(200);
        gate_handle.open();
        ada.client.put(&ada.path(), &json!({ "bio": "back" })).await.expect(200);
        until_all_ended(&app.db, TABLE).await;
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
        let stream = send(app.address, "PUT /profile", &ada, "{\"bio\":\"gone\"}").await;
        assert_eq!(gate_handle.next().await, "came");
        assert_eq!(in_transaction(&app.db, TABLE).await, (0, 0), "no transaction waits for auth");
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
            let stream = send(app.address, &format!("PUT {}", ada.path()), &ada, &change.to_string()).await;
            let_run(round * 5).await;
            drop(stream);
            if round % 10 == 0 {
                let seen = ada.seen().await;
                assert_eq!(seen["full_name"], seen["bio"], "{seen}");
            }
        }
        until_all_ended(&app.db, TABLE).await;
        let seen = ada.seen().await;
        assert_eq!(seen["full_name"], seen["bio"], "{seen}");
        ada.client.put(&ada.path(), &json!({ "bio": "back" })).await.expect(200);
    }

    async fn who_leaves_while_making_a_profile_made_it_or_not(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let mut persons = Vec::new();
        for round in 0..40 {
            let person = app.sign_up(&format!("user{round}"));
            let stream = send(app.address, "POST /users", &person, &person.profile().to_string()).await;
            let_run(round * 5).await;
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
