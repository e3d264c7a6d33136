//! The database goes away, and comes back.

use kit_testing::{Fixture, Reply};
use serde_json::Value;

use crate::app::{NotificationsApp, list, notifications, start, titles};

fn is_away(reply: &Reply) {
    reply.expect_error(503, "Notification service unavailable");
    assert!(!reply.header("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_notifications_asks_to_come_back_later_and_misses_nothing() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, parts) = notifications(fixture).await;
        let (app, proxy) = app.start_behind_proxy().await;
        let app = NotificationsApp::of(app, parts);
        let ada = app.sign_up("ada");
        app.pay_all(&ada, 1..=1).await;
        proxy.cut();
        assert!(!app.process.readiness.report().await.ready);
        is_away(&ada.client.get("/notifications").await);
        is_away(&ada.client.get("/notifications/stream").await);
        is_away(&ada.client.post("/notifications/read-all", &Value::Null).await);
        app.pay(&ada, "2").await;
        proxy.mend();
        crate::app::until_titled(&ada, "Order 2 is paid").await;
        assert_eq!(list(&ada).await["unread_count"], 2);
    })
    .await;
}

kit_testing::on_both_databases! {
    async fn what_was_told_is_there_after_a_restart(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.pay_all(&ada, 1..=1).await;
        ada.client.post("/notifications/read-all", &Value::Null).await.expect(200);
        // Told while nobody is there.
        app.process.lifecycle.end().await;
        let app = start(fixture).await;
        let ada = app.person(ada.identity.clone());
        app.pay_all(&ada, 2..=2).await;
        let listing = list(&ada).await;
        assert_eq!(titles(&listing), ["Order 2 is paid", "Order 1 is paid"]);
        assert_eq!(listing["unread_count"], 1);
    }
}
