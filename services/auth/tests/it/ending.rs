//! Ending sessions: by logging out, by name, and all of the others.

use kit_runtime::Ids;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{AuthApp, PASSWORD, members};
use crate::elsewhere::Elsewhere;
use crate::held::{Held, column};

async fn sessions(app: &AuthApp, held: &Held) -> Value {
    app.of(held).get("/sessions").await.expect(200)
}

on_both_databases! {
    async fn whoever_logs_out_is_out_everywhere_within_a_second(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let first = app.begin("ada").await;
        let second = app.go_on(&first).await;
        let phone = app.begin_again("ada").await;
        elsewhere.user(&second.token).await.expect(200);
        let reply = app.of(&second).send(http::Method::POST, "/logout", None).await;
        assert_eq!(reply.expect(200), json!({ "message": "Logged out" }));
        elsewhere.refuses_soon(&second.token).await;
        // Every access token that the session ever had.
        elsewhere.user(&first.token).await.expect_error(401, "Invalid or expired token");
        app.assert_dead(&first).await;
        app.assert_dead(&second).await;
        elsewhere.user(&phone.token).await.expect(200);
        app.assert_lives(&phone).await;
        let again = app.of(&second).post("/logout", &json!({})).await;
        again.expect_error(401, "Invalid or expired token");
    }

    async fn what_is_told_of_a_session_belongs_to_the_trace_of_its_request(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let header = format!("00-{trace}-00f067aa0ba902b7-01");
        let session = app.begin("ada").await;
        let client = app.of(&session).with("traceparent", &header);
        client.post("/logout", &json!({})).await.expect(200);
        let headers = app.texts("SELECT headers FROM outbox WHERE type = 'session.revoked'").await;
        assert_eq!(headers.len(), 1);
        assert!(headers[0].contains(trace), "{headers:?}");
    }

    async fn a_log_out_may_say_nothing_in_many_ways(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        for body in [json!({}), json!({ "refresh_token": null }), json!({ "refresh_token": "rubbish" })] {
            let session = app.begin_again("ada").await;
            app.of(&session).post("/logout", &body).await.expect(200);
            app.assert_dead(&session).await;
        }
        let session = app.begin_again("ada").await;
        for body in [json!([]), json!("x"), json!({ "refresh_token": 1 }), json!({ "all": true })] {
            app.of(&session).post("/logout", &body).await.expect(400);
        }
        app.client().post("/logout", &json!({})).await.expect_error(401, "Missing authorization header");
        app.assert_lives(&session).await;
    }

    async fn a_log_out_ends_the_session_of_the_refresh_token_too(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let here = app.begin("ada").await;
        let (phone, tablet) = (app.begin_again("ada").await, app.begin_again("ada").await);
        // An old one names its session just as well.
        let newest = app.go_on(&app.go_on(&phone).await).await;
        let body = json!({ "refresh_token": phone.refresh });
        app.of(&here).post("/logout", &body).await.expect(200);
        app.assert_dead(&here).await;
        app.assert_dead(&newest).await;
        let tablet = app.assert_lives(&tablet).await;
        // One's own is ended once.
        let body = json!({ "refresh_token": tablet.refresh });
        app.of(&tablet).post("/logout", &body).await.expect(200);
        app.assert_dead(&tablet).await;
        assert_eq!(app.count("SELECT session_id FROM revocations").await, 3);
    }

    async fn a_log_out_that_fails_has_ended_neither_session(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (here, phone) = (app.begin("ada").await, app.begin_again("ada").await);
        // Of two at one moment the second cannot be told to others.
        app.execute("CREATE UNIQUE INDEX one_at_a_time ON revocations (at)").await;
        let body = json!({ "refresh_token": phone.refresh });
        app.of(&here).post("/logout", &body).await.expect(500);
        let (here, phone) = (app.assert_lives(&here).await, app.assert_lives(&phone).await);
        app.execute("DROP INDEX one_at_a_time").await;
        let body = json!({ "refresh_token": phone.refresh });
        app.of(&here).post("/logout", &body).await.expect(200);
        for held in [&here, &phone] {
            app.assert_dead(held).await;
        }
    }

    async fn nobody_ends_somebody_elses_session_with_their_refresh_token(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (ada, grace) = (app.begin("ada").await, app.begin("grace").await);
        let body = json!({ "refresh_token": grace.refresh });
        app.of(&ada).post("/logout", &body).await.expect(200);
        app.assert_dead(&ada).await;
        app.assert_lives(&grace).await;
    }

    async fn somebody_sees_their_open_sessions(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.begin("grace").await;
        app.register("ada").await;
        let mut held = Vec::new();
        for device in ["Laptop/1.0", "Phone/2.0", "Tablet/3.0"] {
            let body = json!({ "username": "ada", "password": PASSWORD });
            let client = app.client().with("user-agent", device);
            held.push(Held::of(&client.post("/login", &body).await.expect(200)));
        }
        let begun = app.process.clock().now();
        app.advance(std::time::Duration::from_mins(1));
        app.go_on(&held[0]).await;
        let listed = sessions(&app, &held[1]).await;
        assert_eq!(members(&listed), ["items", "next_cursor"]);
        let ids: Vec<_> = held.iter().map(Held::session_id).collect();
        assert_eq!(column(&listed, "id"), ids, "in the order in which they began");
        assert_eq!(column(&listed, "device"), ["Laptop/1.0", "Phone/2.0", "Tablet/3.0"]);
        assert_eq!(column(&listed, "ip"), ["127.0.0.1"; 3]);
        let now = app.process.clock().now().to_string();
        let begun = begun.to_string();
        assert_eq!(column(&listed, "created_at"), [&begun, &begun, &begun]);
        assert_eq!(column(&listed, "last_used_at"), [&now, &begun, &begun]);
        let current: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| &item["current"]).collect();
        assert_eq!(current, [false, true, false]);
        // A page at a time.
        let mut seen = Vec::new();
        let mut path = "/sessions?limit=2".to_owned();
        loop {
            let reply = app.of(&held[0]).get(&path).await;
            let page = reply.expect(200);
            seen.extend(column(&page, "id").into_iter().map(str::to_owned));
            let Some(cursor) = page["next_cursor"].as_str() else {
                assert_eq!(reply.header("link"), "");
                break;
            };
            assert_eq!(reply.header("link"), format!("<?limit=2&cursor={cursor}>; rel=\"next\""));
            path = format!("/sessions?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, ids);
        for query in ["limit=0", "limit=101", "limit=x", "cursor=!", "page=2"] {
            app.of(&held[0]).get(&format!("/sessions?{query}")).await.expect(400);
        }
    }

    async fn one_session_is_ended_by_its_name(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let (here, grace) = (app.begin("ada").await, app.begin("grace").await);
        let phone = app.begin_again("ada").await;
        let end = async |id: &str| app.of(&here).delete(&format!("/sessions/{id}")).await;
        let nobodys = format!("ses_{}", Ids::system().uuid());
        for id in [grace.session_id(), nobodys] {
            end(&id).await.expect_error(404, "Session not found");
        }
        let bare = phone.session_id().replace("ses_", "");
        for id in ["1", "ses_", "ses_x", "%00", &bare, &phone.session_id().to_uppercase()] {
            end(id).await.expect(400);
        }
        app.assert_lives(&grace).await;
        let phone = app.assert_lives(&phone).await;
        assert_eq!(end(&phone.session_id()).await.expect(200), json!({ "message": "Session ended" }));
        app.assert_dead(&phone).await;
        end(&phone.session_id()).await.expect_error(404, "Session not found");
        // The one that asks, too.
        let here = app.assert_lives(&here).await;
        end(&here.session_id()).await.expect(200);
        app.assert_dead(&here).await;
    }

    async fn all_the_others_end_and_this_one_lives(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let (here, grace) = (app.begin("ada").await, app.begin("grace").await);
        let others = [app.begin_again("ada").await, app.begin_again("ada").await];
        let reply = app.of(&here).delete("/sessions").await;
        assert_eq!(reply.expect(200), json!({ "message": "Other sessions ended" }));
        for other in &others {
            app.assert_dead(other).await;
            elsewhere.refuses_soon(&other.token).await;
        }
        let here = app.assert_lives(&here).await;
        elsewhere.user(&here.token).await.expect(200);
        app.assert_lives(&grace).await;
        assert_eq!(column(&sessions(&app, &here).await, "id"), [here.session_id()]);
        // There is none left, and that is no error.
        app.of(&here).delete("/sessions").await.expect(200);
    }

    async fn a_token_that_outlives_its_session_ends_with_it_when_asked(fixture: &Fixture) {
        let settings = [("auth.refresh_expiry", "1h")];
        let app = AuthApp::start(fixture, &settings).await;
        for number in 0..3 {
            let name = format!("ada-{number}");
            let here = app.begin(&name).await;
            let there = app.begin_again(&name).await;
            app.advance(std::time::Duration::from_hours(2));
            // Unused for an hour: it cannot go on, but its access token is good for the rest of its day.
            app.refresh(&there.refresh).await.expect(401);
            app.me(&there.token).await.expect(200);
            let dead = match number {
                0 => {
                    app.of(&there).post("/logout", &json!({})).await.expect(200);
                    there
                }
                1 => {
                    app.of(&here).delete("/sessions").await.expect(200);
                    there
                }
                _ => {
                    app.change_password(&here, PASSWORD, "another-horse-battery-9").await.expect(200);
                    app.me(&here.token).await.expect(200);
                    there
                }
            };
            app.assert_dead(&dead).await;
        }
    }
}
