//! Going on with a session.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{AuthApp, members};
use crate::during::during;
use crate::held::Held;

const GRACE: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_micros(1);
const COUNTER: &str = "SELECT CAST(counter AS TEXT) FROM sessions";
const OPEN: &str = "SELECT session_id FROM sessions WHERE revoked_at IS NULL";
const REVOKED: &str = "SELECT session_id FROM revocations";
const REVOKED_EVENTS: &str = "SELECT event_id FROM outbox WHERE type = 'session.revoked'";

/// The session ended for good, and everybody is told of it: although the request that ended it was refused.
async fn assert_ended(app: &AuthApp, session: &Held) {
    assert_eq!(app.count(OPEN).await, 0);
    assert_eq!(app.texts(REVOKED).await, [session.session_id()]);
    assert_eq!(app.count(REVOKED_EVENTS).await, 1);
    app.assert_dead(session).await;
    assert_eq!(app.count(REVOKED).await, 1, "it ends once");
}

on_both_databases! {
    async fn fifty_refreshes_at_once_have_one_successor(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        let replies = join_all((0..50).map(|_| app.refresh(&session.refresh))).await;
        let answers: Vec<_> = replies.iter().map(|reply| Held::of(&reply.expect(200))).collect();
        let successors: BTreeSet<_> = answers.iter().map(|held| &held.refresh).collect();
        assert_eq!(successors.len(), 1);
        assert!(!successors.contains(&session.refresh));
        assert_eq!(app.texts(COUNTER).await, ["1"]);
        let tokens: BTreeSet<_> = answers.iter().map(|held| &held.token).collect();
        assert_eq!(tokens.len(), 50, "each has an access token of its own");
        for held in &answers {
            app.me(&held.token).await.expect(200);
        }
        app.assert_lives(&answers[0]).await;
        assert_eq!(app.texts(COUNTER).await, ["2"]);
    }

    async fn a_refresh_answers_like_a_sign_in(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let begun = app.sign_up("ada").await;
        let reply = app.refresh(begun["refresh_token"].as_str().unwrap()).await;
        let answer = reply.expect(200);
        assert_eq!(members(&answer), members(&begun));
        for member in ["token_type", "expires_in", "refresh_expires_in", "id", "user_id", "username", "roles"] {
            assert_eq!(answer[member], begun[member], "{member}");
        }
        assert_eq!(reply.header("cache-control"), "no-store");
        let (old, new) = (Held::of(&begun), Held::of(&answer));
        assert_eq!(old.session_id(), new.session_id());
        // The access token of before is good until its end.
        app.me(&old.token).await.expect(200);
        app.me(&new.token).await.expect(200);
    }

    async fn the_parent_gets_the_same_successor_for_half_a_minute(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let parent = app.begin("ada").await;
        let child = app.go_on(&parent).await;
        app.advance(GRACE);
        let again = app.go_on(&parent).await;
        assert_eq!(again.refresh, child.refresh);
        assert_eq!(app.texts(COUNTER).await, ["1"]);
        // The successor's own grace begins with its own rotation.
        let grandchild = app.go_on(&child).await;
        app.advance(GRACE);
        assert_eq!(app.go_on(&child).await.refresh, grandchild.refresh);
        app.assert_lives(&grandchild).await;
    }

    async fn the_parent_ends_the_session_once_its_grace_is_over(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let parent = app.begin("ada").await;
        let child = app.go_on(&parent).await;
        app.advance(GRACE + MOMENT);
        app.refresh(&parent.refresh).await.expect_error(401, "Invalid refresh token");
        assert_ended(&app, &child).await;
        app.assert_dead(&parent).await;
    }

    async fn a_grandparent_ends_the_session_at_once(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let grandparent = app.begin("ada").await;
        let child = app.go_on(&app.go_on(&grandparent).await).await;
        app.refresh(&grandparent.refresh).await.expect_error(401, "Invalid refresh token");
        assert_ended(&app, &child).await;
    }

    async fn a_token_ahead_of_the_database_ends_the_session(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.go_on(&app.begin("ada").await).await;
        // As a database does that was put back to an earlier state.
        app.execute("UPDATE sessions SET counter = 0, rotated_at = NULL").await;
        app.refresh(&session.refresh).await.expect_error(401, "Invalid refresh token");
        assert_ended(&app, &session).await;
    }

    async fn reuse_ends_that_session_alone(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let stolen = app.begin("ada").await;
        let (phone, grace) = (app.begin_again("ada").await, app.begin("grace").await);
        let newest = app.go_on(&app.go_on(&stolen).await).await;
        app.refresh(&stolen.refresh).await.expect(401);
        app.assert_dead(&newest).await;
        app.assert_lives(&phone).await;
        app.assert_lives(&grace).await;
    }

    async fn what_is_no_refresh_token_is_refused_and_ends_nothing(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        let text = &session.refresh;
        let mut forged: Vec<String> = (0..text.len()).map(|end| text[..end].to_owned()).collect();
        forged.extend((0..text.len()).map(|at| {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &text[..at], &text[at + 1..])
        }));
        forged.extend([
            format!("{text}="),
            format!("{text}A"),
            format!(" {text}"),
            format!("{text}\n"),
            format!("{text}.{text}"),
            text.to_uppercase(),
            text.replacen(".0.", ".00.", 1),
            text.replacen(".0.", ".-0.", 1),
            text.replacen(".0.", ".1.", 1),
            text.replacen(".0.", "..", 1),
            "\0".to_owned(),
            "x".repeat(5000),
            session.token.clone(),
        ]);
        for forged in &forged {
            let reply = app.refresh(forged).await;
            assert_eq!(reply.status, 401, "{forged:?}");
            reply.expect_error(401, "Invalid refresh token");
        }
        assert_eq!(app.texts(COUNTER).await, ["0"]);
        app.assert_lives(&session).await;
    }

    async fn a_refresh_token_of_another_installation_is_refused(fixture: &Fixture) {
        let first = [("auth.secret", "the first installation has this secret")];
        let app = AuthApp::start(fixture, &first).await;
        let session = app.begin("ada").await;
        app.stop().await;
        // The same tables, and keys that do not open with the new secret.
        let other = [
            ("auth.secret", "and another installation has that secret"),
            ("token.jwt_secret", "a shared secret, so that no stored key is needed"),
        ];
        let app = AuthApp::start(fixture, &other).await;
        app.refresh(&session.refresh).await.expect_error(401, "Invalid refresh token");
        assert_eq!(app.count(OPEN).await, 1);
    }

    async fn a_body_that_is_none_is_a_bad_request(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        for body in [
            json!({}),
            json!({ "refresh_token": null }),
            json!({ "refresh_token": 7 }),
            json!({ "refresh_token": [session.refresh] }),
            json!({ "refresh_token": session.refresh, "user_id": session.user_id }),
            json!([session.refresh]),
        ] {
            app.client().post("/refresh", &body).await.expect(400);
        }
        app.assert_lives(&session).await;
    }

    async fn a_session_in_use_lives_on_and_an_unused_one_ends(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.refresh_expiry", "10d")]).await;
        let mut session = app.begin("ada").await;
        for _ in 0..3 {
            app.advance(Duration::from_hours(10 * 24).checked_sub(MOMENT).unwrap());
            session = app.go_on(&session).await;
        }
        app.advance(Duration::from_hours(10 * 24));
        app.refresh(&session.refresh).await.expect_error(401, "Invalid refresh token");
        // It ended by itself: there is nothing to tell anybody.
        assert_eq!(app.count(REVOKED).await, 0);
    }

    async fn a_disabled_account_goes_on_with_nothing(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        app.execute("UPDATE accounts SET status = 'disabled'").await;
        app.refresh(&session.refresh).await.expect_error(401, "Invalid refresh token");
        assert_eq!(app.texts(COUNTER).await, ["0"]);
    }

    async fn a_session_that_ends_during_a_refresh_does_not_go_on(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        // The lock that everything takes that ends sessions, and then the end.
        let change = &["UPDATE accounts SET updated_at = updated_at", "UPDATE sessions SET revoked_at = 1"];
        let reply = during(fixture, &app, change, app.refresh(&session.refresh)).await;
        reply.expect_error(401, "Invalid refresh token");
        assert_eq!(app.texts(COUNTER).await, ["0"]);
    }

    async fn an_account_disabled_during_a_refresh_does_not_go_on(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        let change = &["UPDATE accounts SET status = 'disabled'"];
        let reply = during(fixture, &app, change, app.refresh(&session.refresh)).await;
        reply.expect_error(401, "Invalid refresh token");
        assert_eq!(app.texts(COUNTER).await, ["0"]);
    }

    async fn a_role_changed_during_a_refresh_is_the_one_that_counts(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        let change = &["UPDATE accounts SET role = 'staff', epoch = 4"];
        let reply = during(fixture, &app, change, app.refresh(&session.refresh)).await;
        let answer = reply.expect(200);
        assert_eq!(answer["roles"], json!(["customer", "staff"]));
        assert_eq!(app.claims(answer["token"].as_str().unwrap()).epoch, 4);
    }

    async fn a_rotation_during_a_refresh_is_not_done_twice(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.begin("ada").await;
        let change = &[
            "UPDATE accounts SET updated_at = updated_at",
            "UPDATE sessions SET counter = 1, rotated_at = last_used_at",
        ];
        let reply = during(fixture, &app, change, app.refresh(&session.refresh)).await;
        let child = Held::of(&reply.expect(200));
        assert_eq!(app.texts(COUNTER).await, ["1"]);
        app.assert_lives(&child).await;
    }
}
