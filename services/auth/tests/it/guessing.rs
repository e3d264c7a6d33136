//! Guessing at passwords, which costs more time the longer it goes on.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use kit_testing::{Reply, eventually, on_both_databases};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::app::{AuthApp, PASSWORD, registration};

const WRONG: &str = "a-wrong-password";
const MOMENT: Duration = Duration::from_micros(1);
/// More than a crowd takes on any machine; whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// The status of a sign-in; each other one than 200 says the same.
async fn status(app: &AuthApp, login: &str, password: &str) -> u16 {
    let reply = app.log_in(login, password).await;
    if reply.status != 200 {
        reply.expect_error(401, "Invalid username or password");
    }
    reply.status.as_u16()
}

async fn guess(app: &AuthApp, login: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(status(app, login, WRONG).await, 401);
    }
}

/// Signs in from another address of this machine; the status.
async fn log_in_from(address: [u8; 4], app: &AuthApp, login: &str, password: &str) -> u16 {
    let body = json!({ "username": login, "password": password }).to_string();
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        app.address,
        body.len(),
    );
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((address, 0))).unwrap();
    let mut stream = socket.connect(app.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

on_both_databases! {
    async fn five_guesses_are_free_and_then_each_costs_twice_as_long(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        guess(&app, "ada", 5).await;
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            let delay = Duration::from_secs(seconds);
            // Meanwhile the right one is not looked at, and asking makes the wait no longer.
            assert_eq!(status(&app, "ada", PASSWORD).await, 401);
            app.advance(delay.checked_sub(MOMENT).unwrap());
            assert_eq!(status(&app, "ada", PASSWORD).await, 401, "{seconds}");
            app.advance(MOMENT);
            guess(&app, "ada", 1).await;
        }
        app.advance(Duration::from_secs(30));
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
        // Which makes up for all of them.
        guess(&app, "ada", 4).await;
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
        guess(&app, "ada", 5).await;
        assert_eq!(status(&app, "ada", PASSWORD).await, 401);
        app.advance(Duration::from_secs(1));
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
    }

    async fn an_account_is_one_by_whichever_name(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        for name in ["ada", "grace"] {
            app.register(name).await;
        }
        for login in ["ada", "ADA", "ada@example.com", "Ada@Example.com", " ada@example.com"] {
            guess(&app, login, 1).await;
        }
        for login in ["ada", "ada@example.com"] {
            assert_eq!(status(&app, login, PASSWORD).await, 401);
        }
        assert_eq!(status(&app, "grace", PASSWORD).await, 200, "nobody else waits");
    }

    async fn a_quiet_quarter_of_an_hour_forgets(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        guess(&app, "ada", 4).await;
        app.advance(Duration::from_mins(15).checked_sub(MOMENT).unwrap());
        guess(&app, "ada", 1).await;
        assert_eq!(status(&app, "ada", PASSWORD).await, 401);
        app.advance(Duration::from_mins(15));
        guess(&app, "ada", 4).await;
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
    }

    async fn guesses_at_once_are_counted_before_they_are_looked_at(fixture: &Fixture) {
        // So slow that most have come before the first was looked at.
        let slow = [("auth.password.bcrypt_cost", "10"), ("auth.password.threads", "1")];
        let app = AuthApp::start(fixture, &slow).await;
        let ada = app.begin("ada").await;
        let guesses = (0..30).map(async |number| {
            if number % 3 == 0 {
                app.change_password(&ada, WRONG, PASSWORD).await.expect_error(403, "Current password is wrong");
            } else {
                guess(&app, "ada", 1).await;
            }
        });
        timeout(PATIENCE, join_all(guesses)).await.expect("nobody waits for ever");
        assert_eq!(status(&app, "ada", PASSWORD).await, 401);
        // Five of them counted, and the others were refused unseen: thirty would cost half a minute.
        app.advance(Duration::from_secs(1).checked_sub(MOMENT).unwrap());
        assert_eq!(status(&app, "ada", PASSWORD).await, 401);
        app.advance(MOMENT);
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
    }

    async fn a_crowd_that_knows_its_passwords_waits_for_nothing(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.password.queue", "200")]).await;
        app.register("ada").await;
        for number in 0..60 {
            let body = registration(&format!("user-{number}"));
            app.client().post("/register", &body).await.expect(200);
        }
        let one = (0..20).map(|_| status(&app, "ada", PASSWORD));
        assert_eq!(join_all(one).await, [200; 20], "one account");
        let names: Vec<_> = (0..60).map(|number| format!("user-{number}")).collect();
        let many = names.iter().map(|name| status(&app, name, PASSWORD));
        assert_eq!(join_all(many).await, [200; 60], "one address");
    }

    async fn what_nobody_had_time_to_look_at_was_no_guess(fixture: &Fixture) {
        let busy = [("auth.password.threads", "1"), ("auth.password.queue", "1"), ("auth.password.bcrypt_cost", "10")];
        let app = AuthApp::start(fixture, &busy).await;
        let ada = app.begin("ada").await;
        let body = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
        let client = app.of(&ada);
        // Until there were many, whenever the machine lets enough of them come at once.
        let mut away = [0, 0];
        let rejected = async || {
            let count = |replies: &[Reply]| replies.iter().filter(|reply| reply.status == 503).count();
            let replies = join_all((0..5).map(|_| app.log_in("ada", PASSWORD))).await;
            assert!(replies.iter().all(|reply| reply.status == 200 || reply.status == 503), "{replies:?}");
            away[0] += count(&replies);
            let replies = join_all((0..5).map(|_| client.post("/password", &body))).await;
            assert!(replies.iter().all(|reply| reply.status != 401), "{replies:?}");
            away[1] += count(&replies);
            away.iter().all(|away| *away > 8).then_some(())
        };
        eventually("many are turned away", rejected).await;
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
    }

    async fn an_address_waits_too_whomever_it_guesses_at(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        for name in ["ada", "grace"] {
            app.register(name).await;
        }
        for number in 0..24 {
            guess(&app, &format!("nobody-{number}"), 1).await;
            guess(&app, &format!("nobody-{number}@example.com"), 1).await;
        }
        guess(&app, "no such name", 1).await;
        // The right password of an account of one's own makes up for nothing.
        assert_eq!(status(&app, "grace", PASSWORD).await, 200);
        guess(&app, "ada", 1).await;
        for name in ["ada", "grace"] {
            assert_eq!(status(&app, name, PASSWORD).await, 401, "fifty are too many");
            assert_eq!(log_in_from([127, 0, 0, 2], &app, name, PASSWORD).await, 200);
        }
        app.advance(Duration::from_secs(1));
        assert_eq!(status(&app, "grace", PASSWORD).await, 200);
        guess(&app, "nobody", 1).await;
        app.advance(Duration::from_secs(1));
        assert_eq!(status(&app, "grace", PASSWORD).await, 401, "twice as long");
        app.advance(Duration::from_secs(1));
        assert_eq!(status(&app, "grace", PASSWORD).await, 200);
    }

    async fn whoever_guesses_on_and_on_does_not_lock_the_owner_out(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (home, attacker, cafe) = ([127, 0, 0, 2], [127, 0, 0, 3], [127, 0, 0, 4]);
        app.register("ada").await;
        assert_eq!(log_in_from(home, &app, "ada", PASSWORD).await, 200);
        for _ in 0..8 {
            for _ in 0..5 {
                assert_eq!(log_in_from(attacker, &app, "ada", WRONG).await, 401);
            }
            // At the address of before the owner waits for nobody, and forgives nobody else.
            assert_eq!(log_in_from(home, &app, "ada", PASSWORD).await, 200);
            for stranger in [attacker, cafe] {
                assert_eq!(log_in_from(stranger, &app, "ada", PASSWORD).await, 401);
            }
            app.advance(Duration::from_secs(30));
        }
        // An owner who forgot guesses too, and by whichever name.
        for login in ["ada", "ADA", "ada@example.com", "ada", "ada"] {
            assert_eq!(log_in_from(home, &app, login, WRONG).await, 401);
        }
        assert_eq!(log_in_from(home, &app, "ada", PASSWORD).await, 401);
        app.advance(Duration::from_secs(1));
        assert_eq!(log_in_from(home, &app, "ada", PASSWORD).await, 200);
        // Nobody knows the address of somebody else's session, though it is known.
        app.register("grace").await;
        for _ in 0..5 {
            assert_eq!(log_in_from(attacker, &app, "grace", WRONG).await, 401);
        }
        assert_eq!(log_in_from(home, &app, "grace", PASSWORD).await, 401);
    }

    async fn whether_there_is_such_an_account_does_not_show_in_the_delay(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        app.register("gone").await;
        app.execute("UPDATE accounts SET status = 'disabled' WHERE username = 'gone'").await;
        for _ in 0..8 {
            for (login, password) in [("ada", WRONG), ("nobody", WRONG), ("gone", PASSWORD)] {
                let reply = app.log_in(login, password).await;
                reply.expect_error(401, "Invalid username or password");
                assert_eq!(reply.header("retry-after"), "", "{login}");
            }
        }
        // A disabled account's right password is a failure like any other.
        app.execute("UPDATE accounts SET status = 'active' WHERE username = 'gone'").await;
        assert_eq!(status(&app, "gone", PASSWORD).await, 401);
        app.advance(Duration::from_secs(1));
        assert_eq!(status(&app, "gone", PASSWORD).await, 200);
    }

    async fn an_operator_sets_how_many_and_how_long(fixture: &Fixture) {
        let settings = [
            ("auth.brute_force.account_failures", "2"),
            ("auth.brute_force.address_failures", "4"),
            ("auth.brute_force.longest_delay", "3s"),
            ("auth.brute_force.window", "1m"),
        ];
        let app = AuthApp::start(fixture, &settings).await;
        app.register("ada").await;
        guess(&app, "ada", 2).await;
        for delay in [1, 2, 3, 3] {
            assert_eq!(status(&app, "ada", PASSWORD).await, 401);
            app.advance(Duration::from_secs(delay));
            guess(&app, "ada", 1).await;
        }
        app.advance(Duration::from_mins(1));
        guess(&app, "nobody", 1).await;
        guess(&app, "ada", 1).await;
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
        for name in ["one", "two"] {
            guess(&app, name, 1).await;
        }
        assert_eq!(status(&app, "ada", PASSWORD).await, 401, "four from one address");
    }

    async fn an_operator_may_switch_it_off(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.brute_force.enabled", "false")]).await;
        app.register("ada").await;
        guess(&app, "ada", 60).await;
        assert_eq!(status(&app, "ada", PASSWORD).await, 200);
    }
}
