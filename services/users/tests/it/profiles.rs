//! Making, reading, changing and deleting profiles.

use std::time::Duration;

use futures::future::join_all;
use kit_testing::{Identity, on_both_databases};
use kit_token::Role;
use serde_json::json;

use crate::app::{HasProfile as _, PROFILES, UsersApp};

on_both_databases! {
    async fn a_profile_is_made_read_changed_and_deleted(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        ada.client.get(&ada.path()).await.expect_error(404, "User not found");

        let made = ada.client.post("/users", &ada.profile()).await.expect(200);
        assert_eq!(made, json!({ "user_id": ada.id, "message": "Profile created successfully" }));

        let seen = json!({
            "user_id": ada.id, "username": "ada", "email": "ada@example.com", "full_name": "Ada Lovelace",
            "bio": "Writes programs", "created_at": "2030-01-01T00:00:00.000000Z",
        });
        assert_eq!(ada.seen().await, seen);
        assert_eq!(ada.client.get("/profile").await.expect(200), seen);
        assert_eq!(bob.client.get(&ada.path()).await.expect(200), seen, "everybody may read it");
        bob.client.get("/profile").await.expect_error(404, "User not found");

        app.process.time.advance(Duration::from_mins(1));
        let changed = ada.client.put(&ada.path(), &json!({ "bio": "Writes better programs" })).await;
        assert_eq!(
            changed.expect(200),
            json!({ "user_id": ada.id, "message": "Profile updated successfully" })
        );
        let mut after = seen.clone();
        after["bio"] = json!("Writes better programs");
        assert_eq!(ada.seen().await, after, "what was left out stays, the creation's time too");

        let deleted = ada.client.delete(&ada.path()).await.expect(200);
        assert_eq!(deleted, json!({ "user_id": ada.id, "message": "Profile deleted successfully" }));
        ada.client.get(&ada.path()).await.expect_error(404, "User not found");
        ada.client.get("/profile").await.expect_error(404, "User not found");
        assert_eq!(app.count(PROFILES).await, 0);
    }

    async fn a_profile_can_be_made_again_after_it_was_deleted(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        ada.client.delete(&ada.path()).await.expect(200);
        app.process.time.advance(Duration::from_secs(1));
        let again = json!({ "user_id": ada.id, "username": "ada", "email": "new@example.com" });
        ada.client.post("/users", &again).await.expect(200);
        assert_eq!(
            ada.seen().await,
            json!({
                "user_id": ada.id, "username": "ada", "email": "new@example.com", "full_name": null,
                "bio": null, "created_at": "2030-01-01T00:00:01.000000Z",
            })
        );
    }

    async fn there_is_one_profile_for_each_user(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let other = json!({ "user_id": ada.id, "username": "ada", "email": "other@example.com" });
        let again = ada.client.post("/users", &other).await;
        again.expect_error(409, "Profile already exists");
        assert_eq!(again.json()["code"], "profile_already_exists");
        app.admin().client.post("/users", &other).await.expect_error(409, "Profile already exists");
        assert_eq!(ada.seen().await["email"], "ada@example.com");
    }

    async fn of_twenty_who_make_one_profile_at_once_one_does(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let making = (0..20).map(|number| {
            let ada = ada.clone();
            async move {
                let mut profile = ada.profile();
                profile["bio"] = json!(format!("{number}"));
                (number, ada.client.post("/users", &profile).await)
            }
        });
        let (made, refused): (Vec<_>, Vec<_>) =
            join_all(making).await.into_iter().partition(|(_, reply)| reply.status == 200);
        assert_eq!((made.len(), refused.len()), (1, 19));
        for (_, reply) in refused {
            reply.expect_error(409, "Profile already exists");
        }
        assert_eq!(ada.seen().await["bio"], made[0].0.to_string(), "and it is theirs");
        assert_eq!(app.count(PROFILES).await, 1);
    }

    async fn nobody_makes_changes_or_deletes_anothers_profile(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let staff = app.person(Identity::new("carl", Role::Staff));
        let before = ada.seen().await;
        for other in [app.sign_up("bob"), app.settle("eve").await, staff] {
            let mine = "You can only modify your own profile";
            let change = json!({ "bio": "was here" });
            other.client.put(&ada.path(), &change).await.expect_error(403, mine);
            other.client.delete(&ada.path()).await.expect_error(403, mine);
            let mut profile = other.profile();
            profile["user_id"] = json!("0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c");
            let made = other.client.post("/users", &profile).await;
            made.expect_error(403, "You can only create your own profile");
            // Whether there is one is not told.
            other.client.put("/users/0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", &change).await.expect_error(403, mine);
        }
        assert_eq!(ada.seen().await, before);
        assert_eq!(app.count(PROFILES).await, 2);
    }

    async fn an_admin_makes_changes_and_deletes_any(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, admin) = (app.sign_up("ada"), app.admin());
        assert_eq!(
            admin.client.post("/users", &ada.profile()).await.expect(200),
            json!({ "user_id": ada.id, "message": "Profile created successfully" })
        );
        let changed = admin.client.put(&ada.path(), &json!({ "full_name": "A. L." })).await;
        assert_eq!(
            changed.expect(200),
            json!({ "user_id": ada.id, "message": "Profile updated successfully" })
        );
        assert_eq!(ada.seen().await["full_name"], "A. L.");
        assert_eq!(ada.seen().await["username"], "ada");
        assert_eq!(
            admin.client.delete(&ada.path()).await.expect(200),
            json!({ "user_id": ada.id, "message": "Profile deleted successfully" })
        );
        admin.client.put(&ada.path(), &json!({})).await.expect_error(404, "User not found");
        admin.client.delete(&ada.path()).await.expect_error(404, "User not found");
    }

    async fn a_profile_that_is_not_there_is_neither_changed_nor_deleted(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        ada.client.put(&ada.path(), &json!({ "bio": "x" })).await.expect_error(404, "User not found");
        ada.client.delete(&ada.path()).await.expect_error(404, "User not found");
        assert_eq!(app.count(PROFILES).await, 0, "only `/profile` makes one");
    }

    async fn null_clears_a_member_and_leaving_it_out_does_not(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        for (change, full_name, bio) in [
            (json!({}), json!("Ada Lovelace"), json!("Writes programs")),
            (json!({ "bio": null }), json!("Ada Lovelace"), json!(null)),
            (json!({ "bio": "" }), json!("Ada Lovelace"), json!("")),
            (json!({ "full_name": null, "bio": "b" }), json!(null), json!("b")),
            (json!({ "full_name": "f" }), json!("f"), json!("b")),
            (json!({ "full_name": null, "bio": null }), json!(null), json!(null)),
        ] {
            ada.client.put(&ada.path(), &change).await.expect(200);
            let seen = ada.seen().await;
            assert_eq!((&seen["full_name"], &seen["bio"]), (&full_name, &bio), "{change}");
        }
        let bob = app.sign_up("bob");
        let mut profile = bob.profile();
        profile["full_name"] = json!(null);
        bob.client.post("/users", &profile).await.expect(200);
        assert_eq!(bob.seen().await["full_name"], json!(null));
    }

    async fn text_comes_back_as_it_was_given(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let text = "Žofie \u{1f469}\u{200d}\u{1f4bb} a\u{301} \u{5e9}\u{5dc}\u{5d5}\u{5dd} \\ \" ' % _ -- ; \r\n\t\u{7f} $1";
        let mut profile = ada.profile();
        profile["full_name"] = json!(text);
        profile["email"] = json!("žofie@příklad.example");
        ada.client.post("/users", &profile).await.expect(200);
        assert_eq!(ada.seen().await["full_name"], text);
        assert_eq!(ada.seen().await["email"], "žofie@příklad.example");
        ada.client.put(&ada.path(), &json!({ "bio": text })).await.expect(200);
        assert_eq!(ada.seen().await["bio"], text);
    }

    async fn text_may_be_as_long_as_promised(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        let email = format!("{}@example.com", "x".repeat(242));
        assert_eq!(email.len(), 254);
        // Characters count, not bytes.
        let (name, bio) = ("\u{1f980}".repeat(200), "\u{1f980}".repeat(2000));
        let mut profile = json!({
            "user_id": ada.id, "username": "ada", "email": email, "full_name": name, "bio": bio,
        });
        ada.client.post("/users", &profile).await.expect(200);
        assert_eq!(ada.seen().await["full_name"], name);
        assert_eq!(ada.seen().await["bio"], bio);
        profile["user_id"] = json!(bob.id);
        profile["username"] = json!("bob");
        for (member, pointer) in [("email", "/email"), ("full_name", "/full_name"), ("bio", "/bio")] {
            let mut long = profile.clone();
            long[member] = json!(format!("x{}", long[member].as_str().unwrap()));
            let refused = bob.client.post("/users", &long).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
            if member != "email" {
                let change = json!({ member: long[member] });
                let refused = ada.client.put(&ada.path(), &change).await.expect(400);
                assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
            }
        }
        assert_eq!(app.count(PROFILES).await, 1);
    }

    async fn an_identifier_is_spelt_in_one_way(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        for spelling in [ada.id.to_uppercase(), ada.id.replace('-', ""), format!("{{{}}}", ada.id)] {
            assert_ne!(spelling, ada.id);
            let mut profile = ada.profile();
            profile["user_id"] = json!(spelling);
            let refused = ada.client.post("/users", &profile).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], "/user_id");
            let path = format!("/users/{}", spelling.replace('{', "%7B").replace('}', "%7D"));
            assert_eq!(ada.client.get(&path).await.expect(400)["code"], "invalid_path");
        }
        assert_eq!(app.count(PROFILES).await, 1);
    }

    async fn profiles_outlive_the_process(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let (seen, etag) = (ada.seen().await, ada.etag().await);
        app.stop().await;
        let app = UsersApp::start(fixture).await;
        let ada = app.person(ada.identity);
        assert_eq!(ada.seen().await, seen);
        assert_eq!(ada.etag().await, etag);
    }
}
