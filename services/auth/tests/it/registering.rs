//! Making an account.

use std::time::Duration;

use futures::future::join_all;
use kit_testing::on_both_databases;
use kit_values::Uuid;
use serde_json::{Value, json};

use crate::app::{AuthApp, PASSWORD, members, part, registration};

const ACCOUNTS: &str = "SELECT username FROM accounts ORDER BY username";
const EVENTS: &str = "SELECT payload FROM outbox ORDER BY position";

fn pointers(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["pointer"].as_str()).collect()
}

on_both_databases! {
    async fn somebody_registers_signs_in_and_is_known(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let registered = app.register("ada").await;
        assert_eq!(members(&registered), ["user_id", "username", "message"]);
        assert_eq!(registered["username"], "ada");
        assert_eq!(registered["message"], "User registered successfully");
        let user_id = registered["user_id"].as_str().unwrap();
        assert!(Uuid::try_parse(user_id).is_ok(), "{user_id}");

        let session = app.log_in("ada", PASSWORD).await.expect(200);
        let token = session["token"].as_str().unwrap();
        assert_eq!(
            session,
            json!({
                "token": token, "token_type": "Bearer", "expires_in": 86400,
                "refresh_token": session["refresh_token"], "refresh_expires_in": 2_592_000,
                "id": user_id, "user_id": user_id, "username": "ada", "roles": ["customer"],
            })
        );
        assert!(session["refresh_token"].as_str().unwrap().len() > 40);

        assert_eq!(
            app.validate(token).await.expect(200),
            json!({
                "valid": true, "user_id": user_id, "username": "ada", "roles": ["customer"],
                "is_admin": false, "expires_at": "2030-01-02T00:00:00.000000Z",
            })
        );
        assert_eq!(
            app.me(token).await.expect(200),
            json!({
                "user_id": user_id, "username": "ada", "email": "ada@example.com", "email_verified": false,
                "roles": ["customer"], "status": "active", "sessions": 1,
                "created_at": "2030-01-01T00:00:00.000000Z",
            })
        );
    }

    async fn a_name_and_an_address_are_taken_however_they_are_cased(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("Ada").await;
        let attempt = async |username: &str, email: &str| {
            let body = json!({ "username": username, "email": email, "password": PASSWORD });
            app.client().post("/register", &body).await
        };
        for username in ["Ada", "ada", "ADA"] {
            let reply = attempt(username, "other@example.com").await;
            reply.expect_error(409, "Username already exists");
            assert_eq!(reply.json()["code"], "username_already_exists");
        }
        for email in ["Ada@example.com", "aDA@EXAMPLE.COM", "  ada@example.com "] {
            let reply = attempt("other", email).await;
            reply.expect_error(409, "Email already registered");
            assert_eq!(reply.json()["code"], "email_already_registered");
        }
        // With both taken the name is what is told, whichever constraint the database looks at first.
        attempt("ada", "ada@example.com").await.expect_error(409, "Username already exists");
        assert_eq!(app.texts(ACCOUNTS).await, ["Ada"]);
        assert_eq!(app.count(EVENTS).await, 1);
    }

    async fn an_address_is_stored_in_its_normal_form(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let body = json!({ "username": "joe", "email": " Jo\u{308}rg@MÜLLER.Example ", "password": PASSWORD });
        app.client().post("/register", &body).await.expect(200);
        assert_eq!(app.texts("SELECT email FROM accounts").await, ["J\u{f6}rg@müller.example"]);
        let again = json!({ "username": "jim", "email": "j\u{f6}rg@müller.example", "password": PASSWORD });
        app.client().post("/register", &again).await.expect_error(409, "Email already registered");
        app.log_in("jo\u{308}rg@müller.example", PASSWORD).await.expect(200);
    }

    async fn of_fifty_who_want_one_name_at_once_one_gets_it(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let wanting = (0..50).map(|number| {
            let client = app.client();
            let email = format!("ada{number}@example.com");
            async move {
                let body = json!({ "username": "ada", "email": email, "password": PASSWORD });
                client.post("/register", &body).await
            }
        });
        let replies = join_all(wanting).await;
        let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((made.len(), refused.len()), (1, 49));
        for reply in refused {
            reply.expect_error(409, "Username already exists");
        }
        assert_eq!(app.texts(ACCOUNTS).await, ["ada"]);
        assert_eq!(app.count(EVENTS).await, 1);
    }

    async fn every_member_that_is_wrong_is_named_at_once(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let body = json!({ "username": "a b", "email": "nope", "password": "short" });
        let reply = app.client().post("/register", &body).await.expect(400);
        assert_eq!(reply["code"], "validation_failed");
        assert_eq!(
            reply["errors"],
            json!([
                { "pointer": "/username", "message": "must be 3 to 32 of `A-Z a-z 0-9 _ . -`" },
                { "pointer": "/email", "message": "must be an e-mail address" },
                { "pointer": "/password", "message": "must have 8 to 128 characters" },
            ])
        );
        assert_eq!(app.count(ACCOUNTS).await, 0);
        assert_eq!(app.count(EVENTS).await, 0);
    }

    async fn a_registration_is_told_to_others_with_its_account_or_not_at_all(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let user_id = app.register("Ada").await["user_id"].clone();
        let payload: Value = serde_json::from_str(&app.texts(EVENTS).await[0]).unwrap();
        assert_eq!(
            payload,
            json!({
                "user_id": user_id, "username": "Ada", "email": "Ada@example.com",
                "timestamp": "2030-01-01T00:00:00.000000Z",
            })
        );
        for (query, expected) in [
            ("SELECT topic FROM outbox", "auth"),
            ("SELECT type FROM outbox", "user.registered"),
            ("SELECT key FROM outbox", user_id.as_str().unwrap()),
        ] {
            assert_eq!(app.texts(query).await, [expected]);
        }
        // Where the event cannot be written, there is no account either.
        app.execute("ALTER TABLE outbox RENAME TO outbox_away").await;
        let reply = app.client().post("/register", &registration("grace")).await;
        reply.expect_error(500, "internal error");
        app.execute("ALTER TABLE outbox_away RENAME TO outbox").await;
        assert_eq!(app.texts(ACCOUNTS).await, ["Ada"]);
        app.register("grace").await;
        assert_eq!(app.count(EVENTS).await, 2);
    }

    async fn a_registration_begins_a_session_where_that_is_configured(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.token_on_register", "true")]).await;
        let reply = app.client().post("/register", &registration("ada")).await;
        let registered = reply.expect(200);
        assert_eq!(
            members(&registered),
            [
                "user_id", "username", "message", "token", "token_type", "expires_in", "refresh_token",
                "refresh_expires_in", "id", "roles",
            ]
        );
        assert_eq!(registered["id"], registered["user_id"]);
        assert_eq!(reply.header("cache-control"), "no-store");
        let token = registered["token"].as_str().unwrap();
        assert_eq!(app.me(token).await.expect(200)["sessions"], 1);
        let sessions = app.texts("SELECT session_id FROM sessions").await;
        assert_eq!(sessions, [part(token, 1)["sid"].as_str().unwrap()]);
        // A refused one begins none.
        app.client().post("/register", &registration("ada")).await.expect(409);
        assert_eq!(app.count("SELECT session_id FROM sessions").await, 1);
    }

    async fn a_password_is_kept_as_a_hash_alone(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        app.register("grace").await;
        let hashes = app.texts("SELECT password_hash FROM accounts ORDER BY username").await;
        assert!(hashes.iter().all(|hash| hash.starts_with("$2b$04$") && hash.len() == 60), "{hashes:?}");
        assert_ne!(hashes[0], hashes[1], "a salt of its own for each");
    }

    async fn two_ways_to_type_a_password_are_one(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (composed, decomposed) = ("caf\u{e9}-au-lait", "cafe\u{301}-au-lait");
        for (username, given) in [("ada", composed), ("grace", decomposed)] {
            let email = format!("{username}@example.com");
            let body = json!({ "username": username, "email": email, "password": given });
            app.client().post("/register", &body).await.expect(200);
            for typed in [composed, decomposed] {
                app.log_in(username, typed).await.expect(200);
            }
            app.log_in(username, "cafe-au-lait").await.expect(401);
        }
    }
}

/// Registers with one member changed; the answer's status and pointers. Whoever may register may sign in.
async fn with(app: &AuthApp, member: &str, value: &str) -> (u16, Vec<String>) {
    let unique = kit_runtime::Ids::system().uuid().simple().to_string();
    let mut body = registration(&unique);
    body[member] = value.into();
    let reply = app.client().post("/register", &body).await;
    if reply.status == 200 {
        let text = |member: &str| body[member].as_str().unwrap().to_owned();
        app.log_in(&text("username"), &text("password")).await.expect(200);
    }
    let found = pointers(&reply.json()).into_iter().map(str::to_owned).collect();
    (reply.status.as_u16(), found)
}

on_both_databases! {
    async fn what_may_be_a_name_an_address_a_password(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (long, too_long) = ("n".repeat(32), "n".repeat(33));
        for good in ["ada", "A.d_a-1", "...", long.as_str()] {
            assert_eq!(with(&app, "username", good).await.0, 200, "{good}");
        }
        for bad in ["", "ab", " ada", "a b", "ad\u{e4}", "a@b.example", "ada\0", too_long.as_str()] {
            assert_eq!(with(&app, "username", bad).await, (400, vec!["/username".to_owned()]), "{bad:?}");
        }
        for bad in ["", "nope", "@example.com", "a@b", "a b@example.com", "a@example..com", "a\0b@example.com"] {
            assert_eq!(with(&app, "email", bad).await, (400, vec!["/email".to_owned()]), "{bad:?}");
        }
        let (most, too_much) = ("é".repeat(36), "é".repeat(37));
        for good in ["securePassword123", PASSWORD, most.as_str(), "  spaces count  "] {
            assert_eq!(with(&app, "password", good).await.0, 200, "{good}");
        }
        let nul = "correct-horse\0battery-9";
        for bad in ["", "1234567", "password1", "PassWord1", "qwertyuiop", nul, too_much.as_str()] {
            assert_eq!(with(&app, "password", bad).await, (400, vec!["/password".to_owned()]), "{bad:?}");
        }
    }

    async fn argon2id_takes_long_passwords_whole(fixture: &Fixture) {
        let cheap = [
            ("auth.password.hash", "argon2id"),
            ("auth.password.argon2_kib", "64"),
            ("auth.password.argon2_passes", "1"),
        ];
        let app = AuthApp::start(fixture, &cheap).await;
        let long = format!("{}9", "é".repeat(127));
        let body = json!({ "username": "ada", "email": "ada@example.com", "password": long });
        app.client().post("/register", &body).await.expect(200);
        app.log_in("ada", &long).await.expect(200);
        let almost = format!("{}8", "é".repeat(127));
        app.log_in("ada", &almost).await.expect(401);
        let too_long = "x".repeat(129);
        assert_eq!(with(&app, "password", &too_long).await, (400, vec!["/password".to_owned()]));
    }

    async fn an_account_is_as_old_as_its_registration(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.process.time.advance(Duration::from_mins(90));
        let token = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        app.process.time.advance(Duration::from_secs(1));
        let me = app.me(&token).await.expect(200);
        assert_eq!(me["created_at"], "2030-01-01T01:30:00.000000Z");
    }
}
