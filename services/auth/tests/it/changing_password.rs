//! Changing one's password.

use futures::future::join_all;
use http::StatusCode;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{AuthApp, PASSWORD};
use crate::during::during;
use crate::elsewhere::Elsewhere;

const NEW: &str = "staple-horse-battery-10";
const HASH: &str = "SELECT password_hash FROM accounts WHERE username = 'ada'";

on_both_databases! {
    async fn a_changed_password_ends_the_other_sessions_and_this_one_lives(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let (here, grace) = (app.begin("ada").await, app.begin("grace").await);
        let others = [app.begin_again("ada").await, app.begin_again("ada").await];
        let reply = app.change_password(&here, PASSWORD, NEW).await;
        assert_eq!(reply.expect(200), json!({ "message": "Password changed" }));
        for other in &others {
            app.assert_dead(other).await;
            elsewhere.refuses_soon(&other.token).await;
        }
        // With the access token and the refresh token of before.
        app.assert_lives(&here).await;
        elsewhere.user(&here.token).await.expect(200);
        app.assert_lives(&grace).await;
        app.log_in("ada", PASSWORD).await.expect_error(401, "Invalid username or password");
        app.log_in("ada", NEW).await.expect(200);
    }

    async fn whoever_does_not_know_the_password_changes_nothing(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (here, phone) = (app.begin("ada").await, app.begin_again("ada").await);
        let hash = app.texts(HASH).await;
        for wrong in ["", "a-wrong-password", "correct-horse-battery-9\0", &"x".repeat(5000)] {
            app.change_password(&here, wrong, NEW).await.expect_error(403, "Current password is wrong");
        }
        let body = json!({ "current_password": PASSWORD, "new_password": NEW });
        app.client().post("/password", &body).await.expect_error(401, "Missing authorization header");
        for body in [
            json!({}),
            json!({ "current_password": PASSWORD }),
            json!({ "new_password": NEW }),
            json!({ "current_password": PASSWORD, "new_password": NEW, "user_id": here.user_id }),
            json!({ "current_password": 1, "new_password": NEW }),
        ] {
            app.of(&here).post("/password", &body).await.expect(400);
        }
        assert_eq!(app.texts(HASH).await, hash);
        app.assert_lives(&here).await;
        app.assert_lives(&phone).await;
    }

    async fn a_weak_password_is_none_and_nothing_is_guessed_by_it(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let here = app.begin("ada").await;
        // More often than the current one may be wrong: a weak new one is refused before it is looked at.
        for weak in ["", "short", "password123", "1234567890", &"x".repeat(129), &"é".repeat(40), "with\0nul-inside"] {
            for current in [PASSWORD, "a-wrong-password"] {
                let refusal = app.change_password(&here, current, weak).await.expect(400);
                let [error] = refusal["errors"].as_array().unwrap().as_slice() else {
                    panic!("{refusal}")
                };
                assert_eq!(error["pointer"], "/new_password", "{weak:?}");
            }
        }
        app.change_password(&here, PASSWORD, NEW).await.expect(200);
    }

    async fn the_old_password_may_be_the_new_one_and_still_ends_the_others(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (here, phone) = (app.begin("ada").await, app.begin_again("ada").await);
        app.change_password(&here, PASSWORD, PASSWORD).await.expect(200);
        app.assert_dead(&phone).await;
        app.assert_lives(&here).await;
    }

    async fn of_two_changes_at_once_one_wins(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        for round in 0..10 {
            let name = format!("ada-{round}");
            let held = [app.begin(&name).await, app.begin_again(&name).await];
            let new = [format!("first-battery-{round}"), format!("second-battery-{round}")];
            let changes = (0..2).map(|at| app.change_password(&held[at], PASSWORD, &new[at]));
            let replies = join_all(changes).await;
            let won: Vec<usize> = (0..2).filter(|at| replies[*at].status == StatusCode::OK).collect();
            let [winner] = won[..] else { panic!("{won:?} won") };
            let loser = 1 - winner;
            // Its session may have ended before its request was looked at.
            match replies[loser].status.as_u16() {
                401 => replies[loser].expect_error(401, "Invalid or expired token"),
                _ => replies[loser].expect_error(403, "Current password is wrong"),
            }
            app.log_in(&name, &new[winner]).await.expect(200);
            app.log_in(&name, &new[loser]).await.expect(401);
            app.assert_lives(&held[winner]).await;
            app.assert_dead(&held[loser]).await;
        }
    }

    async fn a_change_overtaken_by_another_does_not_count(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.brute_force.enabled", "false")]).await;
        let here = app.begin("ada").await;
        // A hash of `U*U`.
        let change = &["UPDATE accounts SET password_hash =
            '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'"];
        let reply = during(fixture, &app, change, app.change_password(&here, PASSWORD, NEW)).await;
        reply.expect_error(403, "Current password is wrong");
        app.log_in("ada", NEW).await.expect(401);
        app.log_in("ada", "U*U").await.expect(200);
    }

    async fn a_session_that_ends_meanwhile_changes_nothing(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.brute_force.enabled", "false")]).await;
        let here = app.begin("ada").await;
        let change = &["UPDATE accounts SET updated_at = updated_at", "UPDATE sessions SET revoked_at = 1"];
        let reply = during(fixture, &app, change, app.change_password(&here, PASSWORD, NEW)).await;
        reply.expect_error(403, "Current password is wrong");
        app.log_in("ada", NEW).await.expect(401);
        app.log_in("ada", PASSWORD).await.expect(200);
    }

    async fn guesses_at_the_current_password_are_counted(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let here = app.begin("ada").await;
        for _ in 0..5 {
            app.change_password(&here, "a-wrong-password", NEW).await.expect(403);
        }
        // From here on the right one is not looked at, at either door.
        app.change_password(&here, PASSWORD, NEW).await.expect_error(403, "Current password is wrong");
        app.log_in("ada", PASSWORD).await.expect_error(401, "Invalid username or password");
        app.advance(std::time::Duration::from_secs(1));
        app.change_password(&here, PASSWORD, NEW).await.expect(200);
        app.log_in("ada", NEW).await.expect(200);
    }
}
