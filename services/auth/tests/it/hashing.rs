//! Password hashes over time, and under load.

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use crate::world::{PASSWORD, World, on_both_databases};

const HASH: &str = "SELECT password_hash FROM accounts WHERE username = 'ada'";

const ARGON2: [(&str, &str); 4] = [
    ("auth.password.hash", "argon2id"),
    ("auth.password.argon2_kib", "64"),
    ("auth.password.argon2_passes", "1"),
    ("auth.password.argon2_lanes", "1"),
];

on_both_databases! {
    async fn a_sign_in_renews_a_hash_with_other_parameters(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        let mut hash = world.texts(HASH).await;
        assert!(hash[0].starts_with("$2b$04$"), "{hash:?}");
        // Nothing to renew.
        world.log_in("ada", PASSWORD).await.expect(200);
        assert_eq!(world.texts(HASH).await, hash);
        world.stop().await;

        for (settings, opening) in [
            (&[("auth.password.bcrypt_cost", "5")][..], "$2b$05$"),
            (&ARGON2[..], "$argon2id$v=19$m=64,t=1,p=1$"),
            (&[("auth.password.bcrypt_cost", "4")][..], "$2b$04$"),
        ] {
            let world = World::start(place, settings).await;
            // Whoever does not know the password changes nothing.
            world.log_in("ada", "a-wrong-password").await.expect(401);
            assert_eq!(world.texts(HASH).await, hash);
            let token = world.log_in("ada", PASSWORD).await.expect(200);
            hash = world.texts(HASH).await;
            assert!(hash[0].starts_with(opening), "{hash:?}");
            world.log_in("ada", PASSWORD).await.expect(200);
            assert_eq!(world.texts(HASH).await, hash, "renewed once");
            world.log_in("ada", "a-wrong-password").await.expect(401);
            world.me(token["token"].as_str().unwrap()).await.expect(200);
            world.stop().await;
        }
    }

    async fn a_disabled_account_gets_no_new_hash(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        world.execute("UPDATE accounts SET status = 'disabled'").await;
        let hash = world.texts(HASH).await;
        world.stop().await;
        let world = World::start(place, &[("auth.password.bcrypt_cost", "5")]).await;
        world.log_in("ada", PASSWORD).await.expect(401);
        assert_eq!(world.texts(HASH).await, hash);
    }

    async fn a_long_password_from_argon2id_still_signs_in_under_bcrypt(place: &Place) {
        let long = "é".repeat(60);
        let world = World::start(place, &ARGON2).await;
        let body = serde_json::json!({ "username": "ada", "email": "ada@example.com", "password": long });
        world.client().post("/register", &body).await.expect(200);
        let hash = world.texts(HASH).await;
        world.stop().await;
        let world = World::start(place, &[]).await;
        for _ in 0..2 {
            world.log_in("ada", &long).await.expect(200);
        }
        // bcrypt would cut it, so its hash stays as it is.
        assert_eq!(world.texts(HASH).await, hash);
        world.log_in("ada", &"é".repeat(59)).await.expect(401);
    }

    async fn what_is_no_hash_lets_nobody_in(place: &Place) {
        let world = World::start(place, &[("auth.brute_force.enabled", "false")]).await;
        world.register("ada").await;
        for statement in [
            "UPDATE accounts SET password_hash = ''",
            "UPDATE accounts SET password_hash = 'correct-horse-battery-9'",
            "UPDATE accounts SET password_hash = '$2b$04$tooshort'",
            "UPDATE accounts SET password_hash = '$argon2id$v=19$m=64,t=1,p=1$'",
        ] {
            world.execute(statement).await;
            for password in [PASSWORD, "", "correct-horse-battery-9"] {
                world.log_in("ada", password).await.refused(401, "Invalid username or password");
            }
        }
    }

    async fn a_full_queue_turns_sign_ins_away_and_delays_nothing_else(place: &Place) {
        let one_at_a_time = [
            ("auth.password.threads", "1"),
            ("auth.password.queue", "1"),
            // Or a guess too many would be checked against the dummy, which is cheap here.
            ("auth.brute_force.enabled", "false"),
        ];
        let world = World::start(place, &one_at_a_time).await;
        let token = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        // A check of this hash takes much longer than an answer.
        world
            .execute(
                "UPDATE accounts SET password_hash =
                 '$2b$13$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'",
            )
            .await;
        let mut signing_in: FuturesUnordered<_> = (0..5).map(|_| world.log_in("ada", PASSWORD)).collect();
        // One is being checked and one waits; the others come back at once. Which took the thread may show
        // only after a moment, hence the late sixth.
        for number in 0..4 {
            if number == 3 {
                signing_in.push(world.log_in("ada", PASSWORD));
            }
            let reply = signing_in.next().await.unwrap();
            reply.refused(503, "too many sign-ins at the moment");
            assert_eq!(reply.header("retry-after"), "1");
        }
        let body = crate::world::registration("grace");
        world.client().post("/register", &body).await.expect(503);
        world.validate(&token).await.expect(200);
        world.me(&token).await.expect(200);
        world.client().get("/.well-known/jwks.json").await.expect(200);
        assert!(signing_in.next().now_or_never().is_none(), "the other two still wait");
        // And then it goes on.
        while let Some(reply) = signing_in.next().await {
            reply.expect(401);
        }
        world.register("grace").await;
    }
}
