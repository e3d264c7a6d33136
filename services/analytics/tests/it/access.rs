//! Who may see what.

use kit_testing::{Identity, on_both_databases};
use kit_token::Role;
use serde_json::json;

use crate::app::{AnalyticsApp, NOON};

on_both_databases! {
    async fn analytics_greets_everybody(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let greeting = json!({
            "status": "ok", "service": "analytics-service", "message": "Analytics service is running"
        });
        assert_eq!(app.stranger().get("/health").await.expect(200), greeting);
    }

    async fn on_its_own_port_the_totals_are_for_everybody(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        app.stranger().get("/stats").await.expect(200);
        app.stranger().with_token("rubbish").get("/stats").await.expect(200);
    }

    async fn a_users_statistics_are_theirs_and_the_staffs(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (ada, eve) = (Identity::customer("ada"), Identity::customer("eve"));
        app.payments.created(ada.user_id, "10", NOON).await;
        app.until_stats((1, "10.00", 0, 1, 1)).await;
        let path = format!("/stats/users/{}", ada.user_id);
        app.somebody(&ada).get(&path).await.expect(200);
        app.somebody(&Identity::new("rosa", Role::Staff)).get(&path).await.expect(200);
        app.somebody(&Identity::admin("root")).get(&path).await.expect(200);
        app.somebody(&eve).get(&path).await.expect_error(403, "You can only see your own statistics");
        app.somebody(&eve).get("/stats/users").await.expect_error(403, "this needs the role `staff`");
    }

    async fn who_sends_a_token_with_what_they_did_must_send_a_good_one(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let body = json!({ "events": [{ "type": "page_viewed" }] });
        let refused = app.stranger().with_token("rubbish").post("/track", &body).await;
        refused.expect_error(401, "Invalid or expired token");
        assert_eq!(app.count("SELECT visitor FROM journeys").await, 0);
    }
}
