//! Going on with a session.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::during::during;
use crate::held::Held;
use crate::world::{World, members, on_both_databases};

const GRACE: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_micros(1);
const COUNTER: &str = "SELECT CAST(counter AS TEXT) FROM sessions";
const OPEN: &str = "SELECT session_id FROM sessions WHERE revoked_at IS NULL";
const REVOKED: &str = "SELECT session_id FROM revocations";
const TOLD: &str = "SELECT event_id FROM outbox WHERE type = 'session.revoked'";

/// The session ended for good, and everybody is told of it: although the request that ended it was refused.
async fn assert_ended(world: &World, session: &Held) {
    assert_eq!(world.count(OPEN).await, 0);
    assert_eq!(world.texts(REVOKED).await, [session.session_id()]);
    assert_eq!(world.count(TOLD).await, 1);
    world.assert_dead(session).await;
    assert_eq!(world.count(REVOKED).await, 1, "it ends once");
}

on_both_databases! {
    async fn fifty_refreshes_at_once_have_one_successor(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
        let replies = join_all((0..50).map(|_| world.refresh(&session.refresh))).await;
        let answers: Vec<_> = replies.iter().map(|reply| Held::of(&reply.expect(200))).collect();
        let successors: BTreeSet<_> = answers.iter().map(|held| &held.refresh).collect();
        assert_eq!(successors.len(), 1);
        assert!(!successors.contains(&session.refresh));
        assert_eq!(world.texts(COUNTER).await, ["1"]);
        let tokens: BTreeSet<_> = answers.iter().map(|held| &held.token).collect();
        assert_eq!(tokens.len(), 50, "each has an access token of its own");
        for held in &answers {
            world.me(&held.token).await.expect(200);
        }
        world.assert_lives(&answers[0]).await;
        assert_eq!(world.texts(COUNTER).await, ["2"]);
    }

    async fn a_refresh_answers_like_a_sign_in(place: &Place) {
        let world = World::start(place, &[]).await;
        let begun = world.sign_up("ada").await;
        let reply = world.refresh(begun["refresh_token"].as_str().unwrap()).await;
        let answer = reply.expect(200);
        assert_eq!(members(&answer), members(&begun));
        for member in ["token_type", "expires_in", "refresh_expires_in", "id", "user_id", "username", "roles"] {
            assert_eq!(answer[member], begun[member], "{member}");
        }
        assert_eq!(reply.header("cache-control"), "no-store");
        let (old, new) = (Held::of(&begun), Held::of(&answer));
        assert_eq!(old.session_id(), new.session_id());
        // The access token of before is good until its end.
        world.me(&old.token).await.expect(200);
        world.me(&new.token).await.expect(200);
    }

    async fn the_parent_gets_the_same_successor_for_half_a_minute(place: &Place) {
        let world = World::start(place, &[]).await;
        let parent = world.begin("ada").await;
        let child = world.go_on(&parent).await;
        world.advance(GRACE);
        let again = world.go_on(&parent).await;
        assert_eq!(again.refresh, child.refresh);
        assert_eq!(world.texts(COUNTER).await, ["1"]);
        // The successor's own grace begins with its own rotation.
        let grandchild = world.go_on(&child).await;
        world.advance(GRACE);
        assert_eq!(world.go_on(&child).await.refresh, grandchild.refresh);
        world.assert_lives(&grandchild).await;
    }

    async fn the_parent_ends_the_session_once_its_grace_is_over(place: &Place) {
        let world = World::start(place, &[]).await;
        let parent = world.begin("ada").await;
        let child = world.go_on(&parent).await;
        world.advance(GRACE + MOMENT);
        world.refresh(&parent.refresh).await.refused(401, "Invalid refresh token");
        assert_ended(&world, &child).await;
        world.assert_dead(&parent).await;
    }

    async fn a_grandparent_ends_the_session_at_once(place: &Place) {
        let world = World::start(place, &[]).await;
        let grandparent = world.begin("ada").await;
        let child = world.go_on(&world.go_on(&grandparent).await).await;
        world.refresh(&grandparent.refresh).await.refused(401, "Invalid refresh token");
        assert_ended(&world, &child).await;
    }

    async fn a_token_ahead_of_the_database_ends_the_session(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.go_on(&world.begin("ada").await).await;
        // As a database does that was put back to an earlier state.
        world.execute("UPDATE sessions SET counter = 0, rotated_at = NULL").await;
        world.refresh(&session.refresh).await.refused(401, "Invalid refresh token");
        assert_ended(&world, &session).await;
    }

    async fn reuse_ends_that_session_alone(place: &Place) {
        let world = World::start(place, &[]).await;
        let stolen = world.begin("ada").await;
        let (phone, grace) = (world.begin_again("ada").await, world.begin("grace").await);
        let newest = world.go_on(&world.go_on(&stolen).await).await;
        world.refresh(&stolen.refresh).await.expect(401);
        world.assert_dead(&newest).await;
        world.assert_lives(&phone).await;
        world.assert_lives(&grace).await;
    }

    async fn what_is_no_refresh_token_is_refused_and_ends_nothing(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
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
            let reply = world.refresh(forged).await;
            assert_eq!(reply.status, 401, "{forged:?}");
            reply.refused(401, "Invalid refresh token");
        }
        assert_eq!(world.texts(COUNTER).await, ["0"]);
        world.assert_lives(&session).await;
    }

    async fn a_refresh_token_of_another_installation_is_refused(place: &Place) {
        let first = [("auth.secret", "the first installation has this secret")];
        let world = World::start(place, &first).await;
        let session = world.begin("ada").await;
        world.stop().await;
        // The same tables, and keys that do not open with the new secret.
        let other = [
            ("auth.secret", "and another installation has that secret"),
            ("token.jwt_secret", "a shared secret, so that no stored key is needed"),
        ];
        let world = World::start(place, &other).await;
        world.refresh(&session.refresh).await.refused(401, "Invalid refresh token");
        assert_eq!(world.count(OPEN).await, 1);
    }

    async fn a_body_that_is_none_is_a_bad_request(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
        for body in [
            json!({}),
            json!({ "refresh_token": null }),
            json!({ "refresh_token": 7 }),
            json!({ "refresh_token": [session.refresh] }),
            json!({ "refresh_token": session.refresh, "user_id": session.user_id }),
            json!([session.refresh]),
        ] {
            world.client().post("/refresh", &body).await.expect(400);
        }
        world.assert_lives(&session).await;
    }

    async fn a_session_in_use_lives_on_and_an_unused_one_ends(place: &Place) {
        let world = World::start(place, &[("auth.refresh_expiry", "10d")]).await;
        let mut session = world.begin("ada").await;
        for _ in 0..3 {
            world.advance(Duration::from_hours(10 * 24).checked_sub(MOMENT).unwrap());
            session = world.go_on(&session).await;
        }
        world.advance(Duration::from_hours(10 * 24));
        world.refresh(&session.refresh).await.refused(401, "Invalid refresh token");
        // It ended by itself: there is nothing to tell anybody.
        assert_eq!(world.count(REVOKED).await, 0);
    }

    async fn a_disabled_account_goes_on_with_nothing(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
        world.execute("UPDATE accounts SET status = 'disabled'").await;
        world.refresh(&session.refresh).await.refused(401, "Invalid refresh token");
        assert_eq!(world.texts(COUNTER).await, ["0"]);
    }

    async fn a_session_that_ends_during_a_refresh_does_not_go_on(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
        // The lock that everything takes that ends sessions, and then the end.
        let change = &["UPDATE accounts SET updated_at = updated_at", "UPDATE sessions SET revoked_at = 1"];
        let reply = during(place, &world, change, world.refresh(&session.refresh)).await;
        reply.refused(401, "Invalid refresh token");
        assert_eq!(world.texts(COUNTER).await, ["0"]);
    }

    async fn an_account_disabled_during_a_refresh_does_not_go_on(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
        let change = &["UPDATE accounts SET status = 'disabled'"];
        let reply = during(place, &world, change, world.refresh(&session.refresh)).await;
        reply.refused(401, "Invalid refresh token");
        assert_eq!(world.texts(COUNTER).await, ["0"]);
    }

    async fn a_role_changed_during_a_refresh_is_the_one_that_counts(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
        let change = &["UPDATE accounts SET role = 'staff', epoch = 4"];
        let reply = during(place, &world, change, world.refresh(&session.refresh)).await;
        let answer = reply.expect(200);
        assert_eq!(answer["roles"], json!(["customer", "staff"]));
        assert_eq!(world.claims(answer["token"].as_str().unwrap()).epoch, 4);
    }

    async fn a_rotation_during_a_refresh_is_not_done_twice(place: &Place) {
        let world = World::start(place, &[]).await;
        let session = world.begin("ada").await;
        let change = &[
            "UPDATE accounts SET updated_at = updated_at",
            "UPDATE sessions SET counter = 1, rotated_at = last_used_at",
        ];
        let reply = during(place, &world, change, world.refresh(&session.refresh)).await;
        let child = Held::of(&reply.expect(200));
        assert_eq!(world.texts(COUNTER).await, ["1"]);
        world.assert_lives(&child).await;
    }
}
