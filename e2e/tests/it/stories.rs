//! The story of the platform: sign up, sign in, a profile. The same wherever the services run.

use e2e::person::{PASSWORD, credentials, email, fresh, registration};
use e2e::{Person, Stoa};
use serde_json::json;

every_topology! {
    fn somebody_signs_up_signs_in_and_keeps_a_profile(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let name = fresh("ada");
        let made = gateway.post("/api/register", &registration(&name)).expect(200);
        assert_eq!(made["message"], "User registered successfully");
        gateway
            .post("/api/register", &registration(&name))
            .expect_error(409, "Username already exists");

        let wrong = json!({ "username": name, "password": "not-the-password-1" });
        gateway.post("/api/login", &wrong).expect_error(401, "Invalid username or password");
        let session = gateway.post("/api/login", &credentials(&name)).expect(200);
        assert_eq!(session["user_id"], made["user_id"]);
        assert_eq!(session["roles"], json!(["customer"]));

        let ada = gateway.with_token(session["token"].as_str().unwrap_or_default());
        assert_eq!(ada.get("/api/me").expect(200)["email"], email(&name));
        ada.get("/api/profile").expect_error(404, "User not found");
        ada.put("/api/profile", &json!({ "full_name": "Ada", "bio": "Countess" })).expect(200);
        let profile = ada.get("/api/profile").expect(200);
        // Name and address are auth's, whichever process it runs in.
        assert_eq!((&profile["username"], &profile["email"]), (&json!(name), &json!(email(&name))));
        assert_eq!(profile["bio"], "Countess");

        let bob = Person::join(&gateway, "bob");
        let path = format!("/api/users/{}", profile["user_id"].as_str().unwrap_or_default());
        assert_eq!(bob.at(&gateway).get(&path).expect(200), profile);
        bob.at(&gateway)
            .put(&path, &json!({ "bio": "mine" }))
            .expect_error(403, "You can only modify your own profile");
        // The same on the services' own ports, where no gateway says who it is.
        let own = format!("/users/{}", profile["user_id"].as_str().unwrap_or_default());
        assert_eq!(bob.at(&stoa.users()).get(&own).expect(200), profile);
        bob.at(&stoa.users())
            .delete(&own)
            .expect_error(403, "You can only modify your own profile");
        assert_eq!(bob.at(&stoa.auth()).get("/me").expect(200)["username"], bob.name.as_str());
    }

    fn the_configured_admin_may_change_what_is_not_theirs(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let ada = Person::join(&gateway, "ada");
        ada.make_profile(&gateway, "before");
        let admin = gateway.with_token(&stoa.admin_token());
        admin.put(&format!("/api/users/{}", ada.id), &json!({ "bio": "after" })).expect(200);
        assert_eq!(ada.at(&gateway).get("/api/profile").expect(200)["bio"], "after");
        assert_eq!(admin.get("/api/me").expect(200)["roles"], json!(["customer", "staff", "admin"]));
    }

    fn a_restart_keeps_everything(stoa: &mut Stoa) {
        let ada = Person::join(&stoa.gateway(), "ada");
        ada.make_profile(&stoa.gateway(), "Countess");
        let before = ada.at(&stoa.gateway()).get("/api/profile").expect(200);
        let keys = stoa.gateway().get("/.well-known/jwks.json").expect(200);

        stoa.restart();

        let gateway = stoa.gateway();
        assert_eq!(gateway.get("/.well-known/jwks.json").expect(200), keys);
        // The token of before is good still, and so is the password.
        assert_eq!(ada.at(&gateway).get("/api/profile").expect(200), before);
        gateway.post("/api/login", &credentials(&ada.name)).expect(200);
        gateway
            .post("/api/register", &registration(&ada.name))
            .expect_error(409, "Username already exists");
    }

    fn two_who_want_one_name_at_once_are_told_apart(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let name = fresh("twin");
        let wanted = registration(&name);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let sent: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| gateway.post("/api/register", &wanted).status.as_u16()))
                .collect();
            sent.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
        let by_mail = json!({ "username": email(&name), "password": PASSWORD });
        gateway.post("/api/login", &by_mail).expect(200);
    }
}
