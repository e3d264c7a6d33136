//! Who may see what.

use kit_testing::Identity;
use kit_token::Role;
use serde_json::json;

use crate::world::{NOON, World, on_both_databases};

on_both_databases! {
    async fn analytics_greets_everybody(place: &Place) {
        let world = World::start(place).await;
        let greeting = json!({
            "status": "ok", "service": "analytics-service", "message": "Analytics service is running"
        });
        assert_eq!(world.stranger().get("/health").await.expect(200), greeting);
    }

    async fn on_its_own_port_the_totals_are_for_everybody(place: &Place) {
        let world = World::start(place).await;
        world.stranger().get("/stats").await.expect(200);
        world.stranger().with_token("rubbish").get("/stats").await.expect(200);
    }

    async fn a_users_statistics_are_theirs_and_the_staffs(place: &Place) {
        let world = World::start(place).await;
        let (ada, eve) = (Identity::customer("ada"), Identity::customer("eve"));
        world.payments.created(ada.user_id, "10", NOON).await;
        world.until_stats((1, "10.00", 0, 1, 1)).await;
        let path = format!("/stats/users/{}", ada.user_id);
        world.somebody(&ada).get(&path).await.expect(200);
        world.somebody(&Identity::new("rosa", Role::Staff)).get(&path).await.expect(200);
        world.somebody(&Identity::admin("root")).get(&path).await.expect(200);
        world.somebody(&eve).get(&path).await.refused(403, "You can only see your own statistics");
        world.somebody(&eve).get("/stats/users").await.refused(403, "this needs the role `staff`");
    }

    async fn who_sends_a_token_with_what_they_did_must_send_a_good_one(place: &Place) {
        let world = World::start(place).await;
        let body = json!({ "events": [{ "type": "page_viewed" }] });
        let refused = world.stranger().with_token("rubbish").post("/track", &body).await;
        refused.refused(401, "Invalid or expired token");
        assert_eq!(world.count("SELECT visitor FROM journeys").await, 0);
    }
}
