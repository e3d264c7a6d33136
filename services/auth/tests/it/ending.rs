//! Ending sessions: by logging out, by name, and all of the others.

use kit_runtime::Ids;
use serde_json::{Value, json};

use crate::elsewhere::Elsewhere;
use crate::held::{Held, column};
use crate::world::{PASSWORD, World, members, on_both_databases};

async fn sessions(world: &World, held: &Held) -> Value {
    world.of(held).get("/sessions").await.expect(200)
}

on_both_databases! {
    async fn whoever_logs_out_is_out_everywhere_within_a_second(place: &Place) {
        let world = World::start(place, &[]).await;
        let elsewhere = Elsewhere::start(place, &world).await;
        let first = world.begin("ada").await;
        let second = world.go_on(&first).await;
        let phone = world.begin_again("ada").await;
        elsewhere.user(&second.token).await.expect(200);
        let reply = world.of(&second).send(http::Method::POST, "/logout", None).await;
        assert_eq!(reply.expect(200), json!({ "message": "Logged out" }));
        elsewhere.refuses_soon(&second.token).await;
        // Every access token that the session ever had.
        elsewhere.user(&first.token).await.refused(401, "Invalid or expired token");
        world.assert_dead(&first).await;
        world.assert_dead(&second).await;
        elsewhere.user(&phone.token).await.expect(200);
        world.assert_lives(&phone).await;
        let again = world.of(&second).post("/logout", &json!({})).await;
        again.refused(401, "Invalid or expired token");
    }

    async fn what_is_told_of_a_session_belongs_to_the_trace_of_its_request(place: &Place) {
        let world = World::start(place, &[]).await;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let header = format!("00-{trace}-00f067aa0ba902b7-01");
        let session = world.begin("ada").await;
        let client = world.of(&session).with("traceparent", &header);
        client.post("/logout", &json!({})).await.expect(200);
        let told = world.texts("SELECT headers FROM outbox WHERE type = 'session.revoked'").await;
        assert_eq!(told.len(), 1);
        assert!(told[0].contains(trace), "{told:?}");
    }

    async fn a_log_out_may_say_nothing_in_many_ways(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        for body in [json!({}), json!({ "refresh_token": null }), json!({ "refresh_token": "rubbish" })] {
            let session = world.begin_again("ada").await;
            world.of(&session).post("/logout", &body).await.expect(200);
            world.assert_dead(&session).await;
        }
        let session = world.begin_again("ada").await;
        for body in [json!([]), json!("x"), json!({ "refresh_token": 1 }), json!({ "all": true })] {
            world.of(&session).post("/logout", &body).await.expect(400);
        }
        world.client().post("/logout", &json!({})).await.refused(401, "Missing authorization header");
        world.assert_lives(&session).await;
    }

    async fn a_log_out_ends_the_session_of_the_refresh_token_too(place: &Place) {
        let world = World::start(place, &[]).await;
        let here = world.begin("ada").await;
        let (phone, tablet) = (world.begin_again("ada").await, world.begin_again("ada").await);
        // An old one names its session just as well.
        let newest = world.go_on(&world.go_on(&phone).await).await;
        let body = json!({ "refresh_token": phone.refresh });
        world.of(&here).post("/logout", &body).await.expect(200);
        world.assert_dead(&here).await;
        world.assert_dead(&newest).await;
        let tablet = world.assert_lives(&tablet).await;
        // One's own is ended once.
        let body = json!({ "refresh_token": tablet.refresh });
        world.of(&tablet).post("/logout", &body).await.expect(200);
        world.assert_dead(&tablet).await;
        assert_eq!(world.count("SELECT session_id FROM revocations").await, 3);
    }

    async fn a_log_out_that_fails_has_ended_neither_session(place: &Place) {
        let world = World::start(place, &[]).await;
        let (here, phone) = (world.begin("ada").await, world.begin_again("ada").await);
        // Of two at one moment the second cannot be told to others.
        world.execute("CREATE UNIQUE INDEX one_at_a_time ON revocations (at)").await;
        let body = json!({ "refresh_token": phone.refresh });
        world.of(&here).post("/logout", &body).await.expect(500);
        let (here, phone) = (world.assert_lives(&here).await, world.assert_lives(&phone).await);
        world.execute("DROP INDEX one_at_a_time").await;
        let body = json!({ "refresh_token": phone.refresh });
        world.of(&here).post("/logout", &body).await.expect(200);
        for held in [&here, &phone] {
            world.assert_dead(held).await;
        }
    }

    async fn nobody_ends_somebody_elses_session_with_their_refresh_token(place: &Place) {
        let world = World::start(place, &[]).await;
        let (ada, grace) = (world.begin("ada").await, world.begin("grace").await);
        let body = json!({ "refresh_token": grace.refresh });
        world.of(&ada).post("/logout", &body).await.expect(200);
        world.assert_dead(&ada).await;
        world.assert_lives(&grace).await;
    }

    async fn somebody_sees_their_open_sessions(place: &Place) {
        let world = World::start(place, &[]).await;
        world.begin("grace").await;
        world.register("ada").await;
        let mut held = Vec::new();
        for device in ["Laptop/1.0", "Phone/2.0", "Tablet/3.0"] {
            let body = json!({ "username": "ada", "password": PASSWORD });
            let client = world.client().with("user-agent", device);
            held.push(Held::of(&client.post("/login", &body).await.expect(200)));
        }
        let begun = world.process.clock().now();
        world.advance(std::time::Duration::from_mins(1));
        world.go_on(&held[0]).await;
        let listed = sessions(&world, &held[1]).await;
        assert_eq!(members(&listed), ["items", "next_cursor"]);
        let ids: Vec<_> = held.iter().map(Held::session_id).collect();
        assert_eq!(column(&listed, "id"), ids, "in the order in which they began");
        assert_eq!(column(&listed, "device"), ["Laptop/1.0", "Phone/2.0", "Tablet/3.0"]);
        assert_eq!(column(&listed, "ip"), ["127.0.0.1"; 3]);
        let now = world.process.clock().now().to_string();
        let begun = begun.to_string();
        assert_eq!(column(&listed, "created_at"), [&begun, &begun, &begun]);
        assert_eq!(column(&listed, "last_used_at"), [&now, &begun, &begun]);
        let current: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| &item["current"]).collect();
        assert_eq!(current, [false, true, false]);
        // A page at a time.
        let mut seen = Vec::new();
        let mut path = "/sessions?limit=2".to_owned();
        loop {
            let reply = world.of(&held[0]).get(&path).await;
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
            world.of(&held[0]).get(&format!("/sessions?{query}")).await.expect(400);
        }
    }

    async fn one_session_is_ended_by_its_name(place: &Place) {
        let world = World::start(place, &[]).await;
        let (here, grace) = (world.begin("ada").await, world.begin("grace").await);
        let phone = world.begin_again("ada").await;
        let end = async |id: &str| world.of(&here).delete(&format!("/sessions/{id}")).await;
        let nobodys = format!("ses_{}", Ids::system().uuid());
        for id in [grace.session_id(), nobodys] {
            end(&id).await.refused(404, "Session not found");
        }
        let bare = phone.session_id().replace("ses_", "");
        for id in ["1", "ses_", "ses_x", "%00", &bare, &phone.session_id().to_uppercase()] {
            end(id).await.expect(400);
        }
        world.assert_lives(&grace).await;
        let phone = world.assert_lives(&phone).await;
        assert_eq!(end(&phone.session_id()).await.expect(200), json!({ "message": "Session ended" }));
        world.assert_dead(&phone).await;
        end(&phone.session_id()).await.refused(404, "Session not found");
        // The one that asks, too.
        let here = world.assert_lives(&here).await;
        end(&here.session_id()).await.expect(200);
        world.assert_dead(&here).await;
    }

    async fn all_the_others_end_and_this_one_lives(place: &Place) {
        let world = World::start(place, &[]).await;
        let elsewhere = Elsewhere::start(place, &world).await;
        let (here, grace) = (world.begin("ada").await, world.begin("grace").await);
        let others = [world.begin_again("ada").await, world.begin_again("ada").await];
        let reply = world.of(&here).delete("/sessions").await;
        assert_eq!(reply.expect(200), json!({ "message": "Other sessions ended" }));
        for other in &others {
            world.assert_dead(other).await;
            elsewhere.refuses_soon(&other.token).await;
        }
        let here = world.assert_lives(&here).await;
        elsewhere.user(&here.token).await.expect(200);
        world.assert_lives(&grace).await;
        assert_eq!(column(&sessions(&world, &here).await, "id"), [here.session_id()]);
        // There is none left, and that is no error.
        world.of(&here).delete("/sessions").await.expect(200);
    }

    async fn a_token_that_outlives_its_session_ends_with_it_when_asked(place: &Place) {
        let settings = [("auth.refresh_expiry", "1h")];
        let world = World::start(place, &settings).await;
        for number in 0..3 {
            let name = format!("ada-{number}");
            let here = world.begin(&name).await;
            let there = world.begin_again(&name).await;
            world.advance(std::time::Duration::from_hours(2));
            // Unused for an hour: it cannot go on, but its access token is good for the rest of its day.
            world.refresh(&there.refresh).await.expect(401);
            world.me(&there.token).await.expect(200);
            let dead = match number {
                0 => {
                    world.of(&there).post("/logout", &json!({})).await.expect(200);
                    there
                }
                1 => {
                    world.of(&here).delete("/sessions").await.expect(200);
                    there
                }
                _ => {
                    world.change_password(&here, PASSWORD, "another-horse-battery-9").await.expect(200);
                    world.me(&here.token).await.expect(200);
                    there
                }
            };
            world.assert_dead(&dead).await;
        }
    }
}
