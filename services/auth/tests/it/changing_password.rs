//! Changing one's password.

use futures::future::join_all;
use http::StatusCode;
use serde_json::json;

use crate::during::during;
use crate::elsewhere::Elsewhere;
use crate::world::{PASSWORD, World, on_both_databases};

const NEW: &str = "staple-horse-battery-10";
const HASH: &str = "SELECT password_hash FROM accounts WHERE username = 'ada'";

on_both_databases! {
    async fn a_changed_password_ends_the_other_sessions_and_this_one_lives(place: &Place) {
        let world = World::start(place, &[]).await;
        let elsewhere = Elsewhere::start(place, &world).await;
        let (here, grace) = (world.begin("ada").await, world.begin("grace").await);
        let others = [world.begin_again("ada").await, world.begin_again("ada").await];
        let reply = world.change_password(&here, PASSWORD, NEW).await;
        assert_eq!(reply.expect(200), json!({ "message": "Password changed" }));
        for other in &others {
            world.assert_dead(other).await;
            elsewhere.refuses_soon(&other.token).await;
        }
        // With the access token and the refresh token of before.
        world.assert_lives(&here).await;
        elsewhere.user(&here.token).await.expect(200);
        world.assert_lives(&grace).await;
        world.log_in("ada", PASSWORD).await.refused(401, "Invalid username or password");
        world.log_in("ada", NEW).await.expect(200);
    }

    async fn whoever_does_not_know_the_password_changes_nothing(place: &Place) {
        let world = World::start(place, &[]).await;
        let (here, phone) = (world.begin("ada").await, world.begin_again("ada").await);
        let hash = world.texts(HASH).await;
        for wrong in ["", "a-wrong-password", "correct-horse-battery-9\0", &"x".repeat(5000)] {
            world.change_password(&here, wrong, NEW).await.refused(403, "Current password is wrong");
        }
        let body = json!({ "current_password": PASSWORD, "new_password": NEW });
        world.client().post("/password", &body).await.refused(401, "Missing authorization header");
        for body in [
            json!({}),
            json!({ "current_password": PASSWORD }),
            json!({ "new_password": NEW }),
            json!({ "current_password": PASSWORD, "new_password": NEW, "user_id": here.user_id }),
            json!({ "current_password": 1, "new_password": NEW }),
        ] {
            world.of(&here).post("/password", &body).await.expect(400);
        }
        assert_eq!(world.texts(HASH).await, hash);
        world.assert_lives(&here).await;
        world.assert_lives(&phone).await;
    }

    async fn a_weak_password_is_none_and_nothing_is_guessed_by_it(place: &Place) {
        let world = World::start(place, &[]).await;
        let here = world.begin("ada").await;
        // More often than the current one may be wrong: a weak new one is refused before it is looked at.
        for weak in ["", "short", "password123", "1234567890", &"x".repeat(129), &"é".repeat(40), "with\0nul-inside"] {
            for current in [PASSWORD, "a-wrong-password"] {
                let refusal = world.change_password(&here, current, weak).await.expect(400);
                let [error] = refusal["errors"].as_array().unwrap().as_slice() else {
                    panic!("{refusal}")
                };
                assert_eq!(error["pointer"], "/new_password", "{weak:?}");
            }
        }
        world.change_password(&here, PASSWORD, NEW).await.expect(200);
    }

    async fn the_old_password_may_be_the_new_one_and_still_ends_the_others(place: &Place) {
        let world = World::start(place, &[]).await;
        let (here, phone) = (world.begin("ada").await, world.begin_again("ada").await);
        world.change_password(&here, PASSWORD, PASSWORD).await.expect(200);
        world.assert_dead(&phone).await;
        world.assert_lives(&here).await;
    }

    async fn of_two_changes_at_once_one_wins(place: &Place) {
        let world = World::start(place, &[]).await;
        for round in 0..10 {
            let name = format!("ada-{round}");
            let held = [world.begin(&name).await, world.begin_again(&name).await];
            let new = [format!("first-battery-{round}"), format!("second-battery-{round}")];
            let changes = (0..2).map(|at| world.change_password(&held[at], PASSWORD, &new[at]));
            let replies = join_all(changes).await;
            let won: Vec<usize> = (0..2).filter(|at| replies[*at].status == StatusCode::OK).collect();
            let [winner] = won[..] else { panic!("{won:?} won") };
            let loser = 1 - winner;
            // Its session may have ended before its request was looked at.
            match replies[loser].status.as_u16() {
                401 => replies[loser].refused(401, "Invalid or expired token"),
                _ => replies[loser].refused(403, "Current password is wrong"),
            }
            world.log_in(&name, &new[winner]).await.expect(200);
            world.log_in(&name, &new[loser]).await.expect(401);
            world.assert_lives(&held[winner]).await;
            world.assert_dead(&held[loser]).await;
        }
    }

    async fn a_change_overtaken_by_another_does_not_count(place: &Place) {
        let world = World::start(place, &[("auth.brute_force.enabled", "false")]).await;
        let here = world.begin("ada").await;
        // A hash of `U*U`.
        let change = &["UPDATE accounts SET password_hash =
            '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'"];
        let reply = during(place, &world, change, world.change_password(&here, PASSWORD, NEW)).await;
        reply.refused(403, "Current password is wrong");
        world.log_in("ada", NEW).await.expect(401);
        world.log_in("ada", "U*U").await.expect(200);
    }

    async fn a_session_that_ends_meanwhile_changes_nothing(place: &Place) {
        let world = World::start(place, &[("auth.brute_force.enabled", "false")]).await;
        let here = world.begin("ada").await;
        let change = &["UPDATE accounts SET updated_at = updated_at", "UPDATE sessions SET revoked_at = 1"];
        let reply = during(place, &world, change, world.change_password(&here, PASSWORD, NEW)).await;
        reply.refused(403, "Current password is wrong");
        world.log_in("ada", NEW).await.expect(401);
        world.log_in("ada", PASSWORD).await.expect(200);
    }

    async fn guesses_at_the_current_password_are_counted(place: &Place) {
        let world = World::start(place, &[]).await;
        let here = world.begin("ada").await;
        for _ in 0..5 {
            world.change_password(&here, "a-wrong-password", NEW).await.expect(403);
        }
        // From here on the right one is not looked at, at either door.
        world.change_password(&here, PASSWORD, NEW).await.refused(403, "Current password is wrong");
        world.log_in("ada", PASSWORD).await.refused(401, "Invalid username or password");
        world.advance(std::time::Duration::from_secs(1));
        world.change_password(&here, PASSWORD, NEW).await.expect(200);
        world.log_in("ada", NEW).await.expect(200);
    }
}
