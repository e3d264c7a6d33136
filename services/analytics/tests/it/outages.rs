//! What clients are told while the database is away.

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::AnalyticsApp;

on_both_databases! {
    async fn a_database_that_is_gone_is_said_to_be(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        app.stats().await;
        app.execute("DROP TABLE generations").await;
        let reply = app.stranger().get("/stats").await;
        reply.expect_error(500, "internal error");
        app.stranger().get("/health").await.expect(200);
        let body = json!({ "events": [{ "type": "page_viewed" }] });
        app.stranger().post("/track", &body).await.expect(202);
    }
}
