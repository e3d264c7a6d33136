//! The database goes away, and comes back.

use kit_testing::{Fixture, Reply};
use serde_json::json;

use crate::app::{HasProfile as _, PROFILES, UsersApp};

fn is_away(reply: &Reply) {
    reply.expect_error(503, "User service unavailable");
    assert!(!reply.header("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_users_asks_to_come_back_later() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = UsersApp::start_behind_proxy(fixture).await;
        let (ada, bob) = (app.settle("ada").await, app.sign_up("bob"));
        // At that moment it forgets what it has kept so far.
        app.bus.connected().await;
        let before = (ada.seen().await, ada.etag().await);
        assert!(app.process.readiness.report().await.ready);

        proxy.cut();
        let report = app.process.readiness.report().await;
        assert!(!report.ready);
        let failed: Vec<_> = report
            .checks
            .iter()
            .filter(|check| !check.ready)
            .map(|check| &*check.name)
            .collect();
        assert_eq!(failed, ["users.database"]);
        is_away(&ada.client.get("/users").await);
        // What was read a moment ago is still shown, until nobody knows whether it was changed.
        assert_eq!((ada.seen().await, ada.etag().await), before);
        is_away(&ada.client.put(&ada.path(), &json!({ "bio": "lost" })).await);
        is_away(&ada.client.get(&ada.path()).await);
        is_away(&ada.client.get("/profile").await);
        is_away(&ada.client.put("/profile", &json!({ "bio": "lost" })).await);
        is_away(&ada.client.delete(&ada.path()).await);
        is_away(&bob.client.post("/users", &bob.profile()).await);
        is_away(
            &bob.client
                .with("idempotency-key", "key")
                .post("/users", &bob.profile())
                .await,
        );
        // What needs no database is answered as ever.
        app.stranger().get("/").await.expect(200);
        app.stranger()
            .get("/users")
            .await
            .expect_error(401, "Missing authorization header");
        bob.client
            .put(&ada.path(), &json!({}))
            .await
            .expect_error(403, "You can only modify your own profile");
        bob.client.post("/users", &json!({})).await.expect(400);

        proxy.mend();
        assert_eq!((ada.seen().await, ada.etag().await), before);
        assert_eq!(app.count(PROFILES).await, 1);
        assert!(app.process.readiness.report().await.ready);
        bob.client
            .with("idempotency-key", "key")
            .post("/users", &bob.profile())
            .await
            .expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_with_a_write_leaves_all_of_it_or_nothing() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = UsersApp::start_behind_proxy(fixture).await;
        let ada = app.settle("ada").await;
        let mut seen = "start".to_owned();
        let start = json!({ "full_name": seen, "bio": seen });
        ada.client.put(&ada.path(), &start).await.expect(200);
        for round in 0..20 {
            let text = format!("round {round}");
            let change = json!({ "full_name": text, "bio": text });
            let (path, moment) = (ada.path(), async {
                for _ in 0..round * 3 {
                    tokio::task::yield_now().await;
                }
                proxy.cut();
            });
            let (reply, ()) = tokio::join!(ada.client.put(&path, &change), moment);
            proxy.mend();
            let now = ada.seen().await;
            let name = now["full_name"].as_str().unwrap().to_owned();
            match reply.status.as_u16() {
                200 => assert_eq!(name, text, "what was acknowledged is there"),
                503 => assert!(name == text || name == seen, "{name}"),
                other => panic!("{other}"),
            }
            assert_eq!(now["bio"], name);
            seen = name;
        }
    })
    .await;
}
