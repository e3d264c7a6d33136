//! What staff do is written down, with what it does.
#![expect(clippy::expect_used, reason = "a story that cannot go on ends")]

use futures::future::join_all;
use http::Method;
use kit_testing::{App, Identity, on_both_databases};
use serde_json::json;

use crate::app::{Clerk as _, product, start, text};

/// Actor, action, subject, address and device of what is on its way to the audit log, the oldest first.
async fn lines(app: &App) -> Vec<String> {
    let rows = app
        .rows("SELECT actor || ' ' || action || ' ' || subject || ' ' || ip || ' ' || detail FROM audit_unsent ORDER BY id")
        .await;
    rows.iter().map(|row| row.get(0).expect("a text")).collect()
}

on_both_databases! {
    async fn what_staff_did_is_written_down_and_nothing_else(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let desk = clerk.client.with("user-agent", "Desk/1.0");
        let made = desk.post("/products", &product("Mug", "mug", 1000)).await.expect(201);
        let path = format!("/products/{}", text(&made["id"]));
        desk.send(Method::PATCH, &path, Some(&json!({ "name": "Cup" }))).await.expect(200);
        desk.delete(&path).await.expect(200);
        // Reading, what is refused, and what customers try, leave nothing.
        desk.get(&path).await.expect(200);
        desk.post("/products", &product("Mug", "mug", 1000)).await.expect(409);
        app.person(Identity::customer("ada")).client.delete(&path).await.expect(403);
        app.stranger().delete(&path).await.expect(401);
        let line = |action: &str, subject: &str| {
            format!("{} catalog.{action} {subject} 127.0.0.1 Desk/1.0", clerk.id)
        };
        assert_eq!(
            lines(&app).await,
            [line("create_product", "/products"), line("update_product", &path), line("archive_product", &path)]
        );
    }

    async fn what_is_asked_for_fifty_times_with_a_key_is_written_down_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        let keyed = clerk.keyed("key");
        for reply in join_all((0..50).map(|_| keyed.send_adjust("mug", 5))).await {
            reply.expect(200);
        }
        assert_eq!(lines(&app).await.len(), 2);
    }
}
