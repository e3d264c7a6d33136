//! Requests that users does not understand: a 4xx of the one shape, and nothing changed.

use bytes::Bytes;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{HasProfile as _, PROFILES, UsersApp};

fn pointers(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["pointer"].as_str()).collect()
}

on_both_databases! {
    async fn a_profile_that_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        for (member, value, pointer) in [
            ("user_id", json!("ada"), "/user_id"),
            ("user_id", json!(7), "/user_id"),
            ("user_id", json!(null), "/user_id"),
            ("username", json!("bob"), "/username"),
            ("username", json!(""), "/username"),
            ("username", json!(null), "/username"),
            ("email", json!(""), "/email"),
            ("email", json!("ada"), "/email"),
            ("email", json!("@"), "/email"),
            ("email", json!("ada@"), "/email"),
            ("email", json!("a b@example.com"), "/email"),
            ("email", json!("a@b@example.com"), "/email"),
            ("email", json!("a\u{0}@example.com"), "/email"),
            ("full_name", json!(7), "/full_name"),
            ("full_name", json!("a\u{0}b"), "/full_name"),
            ("bio", json!(["x"]), "/bio"),
            ("bio", json!("\u{0}"), "/bio"),
            ("version", json!(1), "/version"),
            ("created_at", json!("2030-01-01T00:00:00Z"), "/created_at"),
        ] {
            let mut profile = ada.profile();
            profile[member] = value;
            let reply = ada.client.post("/users", &profile).await;
            let body = reply.expect(400);
            assert_eq!(body["code"], "validation_failed", "{profile}");
            assert!(!pointers(&body).is_empty());
            assert!(pointers(&body).iter().all(|found| *found == pointer), "{profile}: {body}");
        }
        for member in ["user_id", "username", "email"] {
            let mut profile = ada.profile();
            profile.as_object_mut().unwrap().remove(member);
            let body = ada.client.post("/users", &profile).await.expect(400);
            assert_eq!(pointers(&body), [format!("/{member}")]);
        }
        let many = json!({ "user_id": ada.id, "username": "x", "email": "x", "bio": "\u{0}" });
        let body = ada.client.post("/users", &many).await.expect(400);
        assert_eq!(pointers(&body), ["/username", "/email", "/bio"], "all at once");
        assert_eq!(app.count(PROFILES).await, 0);
    }

    async fn an_admin_gives_nobody_a_name_that_auth_would_not(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, admin) = (app.sign_up("ada"), app.admin());
        for username in ["", "ab", "a b c", "ad\u{e4}", "a\u{0}da", &"x".repeat(33)] {
            let mut profile = ada.profile();
            profile["username"] = json!(username);
            let body = admin.client.post("/users", &profile).await.expect(400);
            assert_eq!(pointers(&body), ["/username"], "{username}");
        }
        let mut profile = ada.profile();
        profile["username"] = json!("x".repeat(32));
        admin.client.post("/users", &profile).await.expect(200);
    }

    async fn a_change_that_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let before = (ada.seen().await, ada.etag().await);
        for (change, pointer) in [
            (json!({ "bio": 1 }), "/bio"),
            (json!({ "bio": {} }), "/bio"),
            (json!({ "bio": "a\u{0}b" }), "/bio"),
            (json!({ "full_name": false }), "/full_name"),
            (json!({ "username": "eve" }), "/username"),
            (json!({ "email": "eve@example.com" }), "/email"),
            (json!({ "user_id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c" }), "/user_id"),
            (json!({ "fullName": "Eve" }), "/fullName"),
        ] {
            for path in [ada.path(), "/profile".to_owned()] {
                let body = ada.client.put(&path, &change).await.expect(400);
                assert_eq!(pointers(&body), [pointer], "{change}");
            }
        }
        for (path, change) in [(ada.path(), json!(null)), (ada.path(), json!([])), (ada.path(), json!(["Eve", "x"])), ("/profile".to_owned(), json!("x"))] {
            ada.client.put(&path, &change).await.expect(400);
        }
        assert_eq!((ada.seen().await, ada.etag().await), before);
    }

    async fn bytes_that_are_no_json_are_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let json = Some("application/json");
        for (method, path) in [
            (Method::POST, "/users".to_owned()),
            (Method::PUT, ada.path()),
            (Method::PUT, "/profile".to_owned()),
        ] {
            let send = async |content_type, body: Bytes| {
                ada.client.send_raw(method.clone(), &path, content_type, body).await
            };
            send(json, Bytes::new()).await.expect_error(400, "malformed JSON at line 1 column 0: EOF while parsing a value");
            send(json, "{nope".into()).await.expect_error(400, "malformed JSON at line 1 column 2: key must be a string");
            assert_eq!(send(json, "{\"bio\":\"\u{fffd}\"".into()).await.expect(400)["code"], "malformed_json");
            assert_eq!(
                send(json, Bytes::from_static(b"{\"bio\":\"\xff\"}")).await.expect(400)["status"],
                "400"
            );
            let unsupported = "the content type must be `application/json`";
            send(None, "{}".into()).await.expect_error(415, unsupported);
            send(Some("application/x-www-form-urlencoded"), "bio=x".into()).await.expect_error(415, unsupported);
            let huge = format!("{{\"bio\":\"{}\"}}", "x".repeat(3_000_000));
            send(json, huge.into()).await.expect_error(413, "the body is larger than 65536 bytes");
        }
    }

    async fn an_identifier_that_is_none_is_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, admin) = (app.settle("ada").await, app.admin());
        for id in ["me", "1", "%00", "%ff", "%F0%9F%A6%80", "0190c2a4-7c1e-7b3e-9c53", "'%20OR%201=1"] {
            let path = format!("/users/{id}");
            for client in [&ada.client, &admin.client] {
                assert_eq!(client.get(&path).await.expect(400)["code"], "invalid_path", "{id}");
                client.put(&path, &json!({})).await.expect(400);
                client.delete(&path).await.expect(400);
            }
        }
        ada.client.get("/users/").await.expect_error(404, "there is nothing at this path");
        ada.client.get(&format!("{}/x", ada.path())).await.expect_error(404, "there is nothing at this path");
        assert_eq!(app.count(PROFILES).await, 1);
    }

    async fn a_method_that_a_path_does_not_know_is_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        for (method, path) in [
            (Method::DELETE, "/users".to_owned()),
            (Method::PATCH, ada.path()),
            (Method::POST, ada.path()),
            (Method::DELETE, "/profile".to_owned()),
            (Method::POST, "/profile".to_owned()),
            (Method::POST, "/".to_owned()),
        ] {
            let refused = ada.client.send(method, &path, None).await;
            refused.expect_error(405, "this path does not know the method");
            assert!(refused.header("allow").contains("GET"), "{path}");
        }
        assert_eq!(app.count(PROFILES).await, 1);
    }
}
