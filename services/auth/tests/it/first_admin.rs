//! The first admin, made from the configuration.

use serde_json::json;

use crate::world::{PASSWORD, Place, World, on_both_databases};

const ADMINS: &str = "SELECT username FROM accounts WHERE role = 'admin' ORDER BY username";

const ROOT: [(&str, &str); 3] = [
    ("auth.admin.username", "root"),
    ("auth.admin.email", "root@example.com"),
    ("auth.admin.password", "the-password-of-root"),
];

async fn refusal(place: &Place, settings: &[(&str, &str)]) -> String {
    match World::try_start(place, settings).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

on_both_databases! {
    async fn the_configured_admin_is_made_once(place: &Place) {
        let world = World::start(place, &ROOT).await;
        assert!(world.setup.is_none(), "there is nothing to set up");
        let session = world.log_in("root", "the-password-of-root").await.expect(200);
        assert_eq!(session["roles"], json!(["customer", "staff", "admin"]));
        let validated = world.validate(session["token"].as_str().unwrap()).await.expect(200);
        assert_eq!(validated["is_admin"], true);
        assert_eq!(world.texts("SELECT type FROM outbox").await, ["user.registered"]);
        world.stop().await;

        // Whatever the configuration says later: there is one already.
        let other = [
            ("auth.admin.username", "other"),
            ("auth.admin.email", "root@example.com"),
            ("auth.admin.password", "another-password-of-root"),
        ];
        for settings in [ROOT, other] {
            let world = World::start(place, &settings).await;
            assert_eq!(world.texts(ADMINS).await, ["root"]);
            world.log_in("root", "the-password-of-root").await.expect(200);
            assert_eq!(world.texts("SELECT type FROM outbox").await.len(), 1);
            world.stop().await;
        }
        let world = World::start(place, &[]).await;
        assert!(world.setup.is_none());
    }

    async fn processes_that_start_at_once_make_one_admin(place: &Place) {
        // A SQLite file has one process.
        if !place.is_postgres() {
            return;
        }
        let other = [
            ("auth.admin.username", "other"),
            ("auth.admin.email", "other@example.com"),
            ("auth.admin.password", "the-password-of-other"),
        ];
        // The tables are there, so that it is the admin that they race for.
        World::start(place, &[]).await.stop().await;
        let (one, two) = futures::join!(World::start(place, &ROOT), World::start(place, &ROOT));
        assert_eq!(one.texts(ADMINS).await, ["root"]);
        for world in [&one, &two] {
            world.log_in("root", "the-password-of-root").await.expect(200);
            assert!(world.setup.is_none());
        }
        // Also when they do not agree on who it is.
        one.execute("DELETE FROM sessions").await;
        one.execute("DELETE FROM accounts").await;
        let (three, four) = futures::join!(World::start(place, &ROOT), World::start(place, &other));
        assert_eq!(three.texts(ADMINS).await.len(), 1);
        assert!(three.setup.is_none() && four.setup.is_none());
    }

    async fn an_admin_that_cannot_be_made_stops_the_start_and_says_why(place: &Place) {
        let with = |key: &'static str, value: &'static str| {
            ROOT.map(|(name, usual)| if name == key { (name, value) } else { (name, usual) })
        };
        for (settings, named) in [
            (with("auth.admin.username", "r"), "username"),
            (with("auth.admin.email", "nowhere"), "email"),
            (with("auth.admin.password", "password1"), "password"),
        ] {
            let said = refusal(place, &settings).await;
            assert!(said.contains("first admin") && said.contains(named), "{said}");
            assert!(!said.contains("password1"), "{said}");
        }
        // Somebody who is no admin has the name, or the address.
        let world = World::start(place, &[]).await;
        world.register("root").await;
        world.stop().await;
        let said = refusal(place, &ROOT).await;
        assert!(said.contains("the username is taken"), "{said}");
        let said = refusal(place, &with("auth.admin.username", "boss")).await;
        assert!(said.contains("the e-mail address is taken"), "{said}");
        // They are still a customer with their own password.
        let world = World::start(place, &[]).await;
        let session = world.log_in("root", PASSWORD).await.expect(200);
        assert_eq!(session["roles"], json!(["customer"]));
        assert!(world.setup.is_some(), "nobody is admin");
    }
}
