//! Profiles are kept in memory by each process, and yet nobody is shown what is over.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_db::{StoreError, Tx, sql};
use kit_testing::{Client, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::UsersApp;

/// What somebody sees of a profile; nothing where there is none.
async fn full_name(client: &Client, id: &str) -> Option<Value> {
    let seen = client.get(&format!("/users/{id}")).await;
    (seen.status != 404).then(|| seen.expect(200)["full_name"].clone())
}

/// Behind the back of every process.
async fn overwrite(app: &UsersApp, name: String) {
    let overwritten = app.db.write(async move |tx: &mut Tx| {
        sql("UPDATE profiles SET full_name = $1")
            .bind(&*name)
            .execute(tx)
            .await?;
        Ok::<_, StoreError>(())
    });
    overwritten.await.unwrap();
}

on_both_databases! {
    async fn a_profile_is_read_once_and_again_when_it_is_old(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        // At that moment it forgets what it has kept so far.
        app.bus.connected().await;
        let kept = full_name(&ada.client, &ada.id).await;
        overwrite(&app, "Somebody else".to_owned()).await;
        assert_eq!(full_name(&ada.client, &ada.id).await, kept);
        app.process.time.advance(Duration::from_mins(1));
        assert_ne!(full_name(&ada.client, &ada.id).await, kept);
    }

    async fn whoever_writes_a_profile_reads_what_was_written(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let grace = app.sign_up("grace");
        for number in 0..20 {
            let name = format!("Ada the {number}.");
            full_name(&grace.client, &ada.id).await;
            ada.client.put("/profile", &json!({ "full_name": name })).await.expect(200);
            assert_eq!(full_name(&grace.client, &ada.id).await, Some(json!(name)));
        }
        ada.client.delete(&format!("/users/{}", ada.id)).await.expect(200);
        assert_eq!(full_name(&grace.client, &ada.id).await, None);
    }

    async fn what_one_process_changes_the_others_show(fixture: &Fixture) {
        let (one, other) = (UsersApp::start(fixture).await, UsersApp::start(fixture).await);
        let ada = one.settle("ada").await;
        let reader = other.person(ada.identity.clone()).client;
        eventually("it is there", async || full_name(&reader, &ada.id).await).await;
        for name in ["Countess", "Lady"] {
            ada.client.put("/profile", &json!({ "full_name": name })).await.expect(200);
            eventually("the other has heard of it", async || {
                (full_name(&reader, &ada.id).await? == name).then_some(())
            })
            .await;
        }
        ada.client.delete(&format!("/users/{}", ada.id)).await.expect(200);
        eventually("it is gone", async || full_name(&reader, &ada.id).await.is_none().then_some(())).await;
    }
}
