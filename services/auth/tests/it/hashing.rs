//! Password hashes over time, and under load.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, select};
use kit_testing::{Reply, eventually, on_both_databases};

use crate::app::{AuthApp, PASSWORD, registration};

const HASH: &str = "SELECT password_hash FROM accounts WHERE username = 'ada'";

const ARGON2: [(&str, &str); 4] = [
    ("auth.password.hash", "argon2id"),
    ("auth.password.argon2_kib", "64"),
    ("auth.password.argon2_passes", "1"),
    ("auth.password.argon2_lanes", "1"),
];

on_both_databases! {
    async fn a_sign_in_renews_a_hash_with_other_parameters(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        let mut hash = app.texts(HASH).await;
        assert!(hash[0].starts_with("$2b$04$"), "{hash:?}");
        // Nothing to renew.
        app.log_in("ada", PASSWORD).await.expect(200);
        assert_eq!(app.texts(HASH).await, hash);
        app.stop().await;

        for (settings, opening) in [
            (&[("auth.password.bcrypt_cost", "5")][..], "$2b$05$"),
            (&ARGON2[..], "$argon2id$v=19$m=64,t=1,p=1$"),
            (&[("auth.password.bcrypt_cost", "4")][..], "$2b$04$"),
        ] {
            let app = AuthApp::start(fixture, settings).await;
            // Whoever does not know the password changes nothing.
            app.log_in("ada", "a-wrong-password").await.expect(401);
            assert_eq!(app.texts(HASH).await, hash);
            let token = app.log_in("ada", PASSWORD).await.expect(200);
            hash = app.texts(HASH).await;
            assert!(hash[0].starts_with(opening), "{hash:?}");
            app.log_in("ada", PASSWORD).await.expect(200);
            assert_eq!(app.texts(HASH).await, hash, "renewed once");
            app.log_in("ada", "a-wrong-password").await.expect(401);
            app.me(token["token"].as_str().unwrap()).await.expect(200);
            app.stop().await;
        }
    }

    async fn a_disabled_account_gets_no_new_hash(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        app.execute("UPDATE accounts SET status = 'disabled'").await;
        let hash = app.texts(HASH).await;
        app.stop().await;
        let app = AuthApp::start(fixture, &[("auth.password.bcrypt_cost", "5")]).await;
        app.log_in("ada", PASSWORD).await.expect(401);
        assert_eq!(app.texts(HASH).await, hash);
    }

    async fn a_long_password_from_argon2id_still_signs_in_under_bcrypt(fixture: &Fixture) {
        let long = "é".repeat(60);
        let app = AuthApp::start(fixture, &ARGON2).await;
        let body = serde_json::json!({ "username": "ada", "email": "ada@example.com", "password": long });
        app.client().post("/register", &body).await.expect(200);
        let hash = app.texts(HASH).await;
        app.stop().await;
        let app = AuthApp::start(fixture, &[]).await;
        for _ in 0..2 {
            app.log_in("ada", &long).await.expect(200);
        }
        // bcrypt would cut it, so its hash stays as it is.
        assert_eq!(app.texts(HASH).await, hash);
        app.log_in("ada", &"é".repeat(59)).await.expect(401);
    }

    async fn what_is_no_hash_lets_nobody_in(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.brute_force.enabled", "false")]).await;
        app.register("ada").await;
        for statement in [
            "UPDATE accounts SET password_hash = ''",
            "UPDATE accounts SET password_hash = 'correct-horse-battery-9'",
            "UPDATE accounts SET password_hash = '$2b$04$tooshort'",
            "UPDATE accounts SET password_hash = '$argon2id$v=19$m=64,t=1,p=1$'",
        ] {
            app.execute(statement).await;
            for password in [PASSWORD, "", "correct-horse-battery-9"] {
                app.log_in("ada", password).await.expect_error(401, "Invalid username or password");
            }
        }
    }

    async fn a_full_queue_turns_sign_ins_away_and_delays_nothing_else(fixture: &Fixture) {
        let one_at_a_time = [
            ("auth.password.threads", "1"),
            ("auth.password.queue", "1"),
            // Or a guess too many would be checked against the dummy, which is cheap here.
            ("auth.brute_force.enabled", "false"),
        ];
        let app = AuthApp::start(fixture, &one_at_a_time).await;
        let token = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        // A check of this hash takes much longer than an answer.
        app.execute(
            "UPDATE accounts SET password_hash =
             '$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'",
        )
        .await;
        // One is being checked and one waits, all the time: whoever was answered signs in again.
        let checked = AtomicUsize::new(0);
        let busy = join(sign_in_again(&app, &checked), sign_in_again(&app, &checked));
        let others = async {
            let rejected = async || is_rejected(&app.log_in("ada", PASSWORD).await);
            eventually("a sign-in is turned away", rejected).await;
            let mut number = 0;
            let rejected = async || {
                number += 1;
                let body = registration(&format!("grace-{number}"));
                is_rejected(&app.client().post("/register", &body).await)
            };
            eventually("a registration is turned away", rejected).await;
            // None of them waits for a check: all are answered while one is under way.
            let answered = async || {
                let before = checked.load(Ordering::SeqCst);
                app.validate(&token).await.expect(200);
                app.me(&token).await.expect(200);
                app.client().get("/.well-known/jwks.json").await.expect(200);
                (checked.load(Ordering::SeqCst) == before).then_some(())
            };
            eventually("everything else is answered meanwhile", answered).await;
        };
        select(pin!(busy), pin!(others)).await;
        // And then it goes on.
        let registered = async || {
            let reply = app.client().post("/register", &registration("linus")).await;
            (reply.status == 200).then_some(())
        };
        eventually("there is room again", registered).await;
    }
}

/// Signs in for ever, and counts how often the password was checked.
async fn sign_in_again(app: &AuthApp, checked: &AtomicUsize) {
    loop {
        let reply = app.log_in("ada", PASSWORD).await;
        if is_rejected(&reply).is_none() {
            checked.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn is_rejected(reply: &Reply) -> Option<()> {
    if reply.status != 503 {
        assert!(reply.status == 401 || reply.status == 200, "{reply:?}");
        return None;
    }
    reply.expect_error(503, "too many sign-ins at the moment");
    assert_eq!(reply.header("retry-after"), "1");
    Some(())
}
