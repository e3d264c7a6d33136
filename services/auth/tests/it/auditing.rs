//! The audit log: who did what, when, from where.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{AuthApp, PASSWORD, members, registration};
use crate::held::ADMIN;

const FORM: &str = "application/x-www-form-urlencoded";

/// Actor, action, subject and address of every line, the oldest first.
async fn lines(app: &AuthApp) -> Vec<String> {
    let line = "SELECT actor || ' ' || action || ' ' || subject || ' ' || ip FROM audit ORDER BY audit_id";
    app.texts(line).await
}

on_both_databases! {
    async fn what_was_done_is_written_down(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let root = app.begin_again("root").await;
        let client = app.of(&root).with("user-agent", "Desk/1.0");
        let ada = app.begin("ada").await;
        let account = format!("/admin/accounts/{}", ada.user_id);
        let change = async |patch: Value| {
            app.advance(Duration::from_secs(1));
            client.send(http::Method::PATCH, &account, Some(&patch)).await.expect(200);
        };
        change(json!({ "roles": ["staff"] })).await;
        change(json!({ "status": "disabled" })).await;
        change(json!({ "status": "active" })).await;
        let phone = app.begin_again("ada").await;
        client.delete(&format!("{account}/sessions")).await.expect(200);
        let here = app.begin_again("ada").await;
        app.begin_again("ada").await;
        app.of(&here).delete("/sessions").await.expect(200);
        app.change_password(&here, PASSWORD, "staple-horse-battery-10").await.expect(200);
        app.of(&here).post("/logout", &json!({})).await.expect(200);
        let kid = client.post("/admin/keys/rotate", &json!({})).await.expect(200)["items"][1]["kid"].clone();
        client.post(&format!("/admin/keys/{}/withdraw", kid.as_str().unwrap()), &json!({})).await.expect(200);
        // Not done, so not written down.
        app.log_in("ada", "a-wrong-password").await.expect(401);
        change(json!({ "status": "active" })).await;
        app.assert_dead(&phone).await;

        let (mut lines, mut path) = (Vec::new(), "/admin/audit?limit=4".to_owned());
        loop {
            let page = client.get(&path).await.expect(200);
            lines.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/admin/audit?limit=4&cursor={cursor}");
        }
        let (root, ada) = (root.user_id.as_str(), ada.user_id.as_str());
        let kid = kid.as_str().unwrap();
        let expected = [
            (root, "key.withdrawn", kid),
            (root, "key.rotated", kid),
            (ada, "session.ended", ada),
            (ada, "password.changed", ada),
            (ada, "session.ended", ada),
            (ada, "session.started", ada),
            (ada, "session.started", ada),
            (root, "session.ended", ada),
            (ada, "session.started", ada),
            (root, "account.changed", ada),
            (root, "account.changed", ada),
            (root, "account.changed", ada),
            (ada, "session.started", ada),
            (root, "session.started", root),
            ("operator", "account.created", root),
        ];
        let text = |line: &Value, member: &str| line[member].as_str().unwrap().to_owned();
        let said: Vec<_> = lines
            .iter()
            .map(|line| (text(line, "actor"), text(line, "action"), text(line, "subject")))
            .collect();
        let said: Vec<_> = said.iter().map(|(who, what, whom)| (who.as_str(), what.as_str(), whom.as_str())).collect();
        assert_eq!(said, expected, "the newest first");
        assert_eq!(members(&lines[0]), ["id", "at", "actor", "action", "subject", "ip", "detail"]);
        let details: Vec<String> = lines[9..12].iter().map(|line| text(line, "detail")).collect();
        assert_eq!(
            details,
            ["disabled → active; Desk/1.0", "active → disabled; Desk/1.0", "customer → staff; Desk/1.0"]
        );
        let (first, rest) = lines.split_last().unwrap();
        assert!(rest.iter().all(|line| line["ip"] == "127.0.0.1"));
        assert_eq!((text(first, "ip").as_str(), text(first, "detail").as_str()), ("", "configuration"));
        assert_ne!(lines[9]["at"], lines[10]["at"]);
        for query in ["limit=0", "limit=101", "cursor=%21", "actor=root"] {
            client.get(&format!("/admin/audit?{query}")).await.expect(400);
        }
        assert!(client.get("/admin/audit?cursor=IA").await.expect(200)["items"].as_array().unwrap().is_empty());
    }

    async fn the_first_admin_by_the_link_is_written_down(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = app.set_up_secret().unwrap();
        let form = format!("token={link}&username=root&email=root%40example.com&password={PASSWORD}");
        let send = async || {
            let form = Bytes::from(form.clone());
            app.client().send_raw(Method::POST, "/setup", Some(FORM), form).await
        };
        assert_eq!(send().await.status, 200);
        assert_eq!(send().await.status, 404);
        let root = app.texts("SELECT user_id FROM accounts").await.remove(0);
        assert_eq!(lines(&app).await, [format!("set-up link account.created {root} 127.0.0.1")]);
    }

    async fn a_session_that_begins_with_its_account_is_written_down_too(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.token_on_register", "true")]).await;
        let ada = app.register("ada").await["user_id"].as_str().unwrap().to_owned();
        assert_eq!(lines(&app).await, [format!("{ada} session.started {ada} 127.0.0.1")]);
        app.client().post("/register", &registration("ada")).await.expect(409);
        assert_eq!(lines(&app).await.len(), 1);
    }

    async fn a_refresh_token_that_is_used_again_is_written_down(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let stolen = app.begin("ada").await;
        let newest = app.go_on(&app.go_on(&stolen).await).await;
        let thief = app.client().with("user-agent", "Thief/1.0");
        for _ in 0..2 {
            thief.post("/refresh", &json!({ "refresh_token": stolen.refresh })).await.expect(401);
        }
        app.assert_dead(&newest).await;
        let ada = &stolen.user_id;
        assert_eq!(
            lines(&app).await,
            [format!("{ada} session.started {ada} 127.0.0.1"), format!("refresh token session.reused {ada} 127.0.0.1")]
        );
        let detail = app.texts("SELECT detail FROM audit WHERE action = 'session.reused'").await;
        assert_eq!(detail, ["Thief/1.0"]);
    }

    async fn what_another_service_revokes_is_written_down(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let address = app.process.serve(app.internal.clone()).await;
        let key = app.process.internal_keys().to_send();
        let service = app.process.client(address).with("x-internal-key", key.to_str().unwrap());
        let ada = app.begin("ada").await;
        for _ in 0..2 {
            let form = Bytes::from(format!("token={}", ada.refresh));
            service.send_raw(Method::POST, "/oauth/revoke", Some(FORM), form).await.expect(200);
        }
        app.assert_dead(&ada).await;
        assert_eq!(lines(&app).await[1..], [format!("service session.ended {} 127.0.0.1", ada.user_id)]);
    }
}
