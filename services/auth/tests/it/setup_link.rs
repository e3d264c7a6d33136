//! The one-time link by which the first admin is made.

use bytes::Bytes;
use futures::future::join_all;
use http::Method;
use kit_testing::Reply;
use serde_json::json;

use crate::during::during;
use crate::world::{PASSWORD, World, on_both_databases};

const ADMINS: &str = "SELECT username FROM accounts WHERE role = 'admin' ORDER BY username";
const NO_LINK: &str = "this set-up link does not work, or not any more";
const FORM: &str = "application/x-www-form-urlencoded";

fn link(world: &World) -> String {
    world.setup.as_ref().unwrap().expose().clone()
}

async fn page(world: &World, token: &str) -> Reply {
    world.client().get(&format!("/setup?token={token}")).await
}

async fn post(world: &World, form: &str) -> Reply {
    let form = Bytes::from(form.to_owned());
    world
        .client()
        .send_raw(Method::POST, "/setup", Some(FORM), form)
        .await
}

fn filled(token: &str, username: &str) -> String {
    format!("token={token}&username={username}&email={username}%40example.com&password={PASSWORD}")
}

fn is_private_page(reply: &Reply) {
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    let policy = reply.header("content-security-policy");
    for rule in [
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
}

on_both_databases! {
    async fn whoever_holds_the_link_makes_the_first_admin_once(place: &Place) {
        let world = World::start(place, &[]).await;
        let link = link(&world);
        assert!(link.len() >= 43, "256 bits");
        let shown = page(&world, &link).await;
        is_private_page(&shown);
        let html = String::from_utf8(shown.body.to_vec()).unwrap();
        assert!(html.contains(&format!(r#"name="token" value="{link}""#)), "{html}");
        for field in ["username", "email", "password"] {
            assert!(html.contains(&format!(r#"name="{field}""#)), "{field}");
        }
        assert!(!html.contains("{{"), "{html}");
        // Looking does not use it up.
        is_private_page(&page(&world, &link).await);

        let done = post(&world, &filled(&link, "root")).await;
        is_private_page(&done);
        assert!(!String::from_utf8_lossy(&done.body).contains(PASSWORD));
        let session = world.log_in("root", PASSWORD).await.expect(200);
        assert_eq!(session["roles"], json!(["customer", "staff", "admin"]));
        assert_eq!(world.texts("SELECT type FROM outbox").await, ["user.registered"]);

        page(&world, &link).await.refused(404, NO_LINK);
        post(&world, &filled(&link, "second")).await.refused(404, NO_LINK);
        assert_eq!(world.texts(ADMINS).await, ["root"]);
        world.stop().await;
        let world = World::start(place, &[]).await;
        assert!(world.setup.is_none(), "nor does a restart open it again");
        post(&world, &filled(&link, "second")).await.refused(404, NO_LINK);
    }

    async fn another_secret_opens_nothing(place: &Place) {
        let world = World::start(place, &[]).await;
        let link = link(&world);
        let other = "x".repeat(link.len());
        for token in ["", "x", &link[1..], &format!("{link}x"), &other] {
            page(&world, token).await.refused(404, NO_LINK);
            post(&world, &filled(token, "root")).await.refused(404, NO_LINK);
        }
        world.client().get("/setup").await.expect(400);
        assert_eq!(world.count(ADMINS).await, 0);
        post(&world, &filled(&link, "root")).await.expect(200);
    }

    async fn a_restart_makes_a_new_link_and_forgets_the_old(place: &Place) {
        let world = World::start(place, &[]).await;
        let old = link(&world);
        world.stop().await;
        let world = World::start(place, &[]).await;
        assert_ne!(link(&world), old);
        page(&world, &old).await.refused(404, NO_LINK);
        page(&world, &link(&world)).await.expect(200);
    }

    async fn a_form_that_is_not_valid_leaves_the_link_good(place: &Place) {
        let world = World::start(place, &[]).await;
        let link = link(&world);
        world.register("ada").await;
        let good = filled(&link, "root");
        let wrong = good.replace(PASSWORD, "password1");
        let reply = post(&world, &wrong).await.expect(400);
        assert_eq!(reply["errors"], json!([{ "pointer": "/password", "message": "is too common" }]));
        for (form, status) in [
            (filled(&link, "r"), 400),
            (good.replace("email=", "mail="), 400),
            (format!("{good}&role=admin"), 400),
            (format!("{good}&username=other"), 400),
            (String::new(), 400),
            (good.replace("root", "ada"), 409),
        ] {
            let reply = post(&world, &form).await.expect(status);
            assert_eq!(reply["status"], status.to_string(), "{form}");
            assert!(!reply["message"].as_str().unwrap().contains(PASSWORD), "{reply}");
        }
        let json = world.client().post("/setup", &json!({ "token": link })).await.expect(415);
        assert_eq!(json["message"], "the content type must be `application/x-www-form-urlencoded`");
        assert_eq!(world.count(ADMINS).await, 0);
        post(&world, &good).await.expect(200);
        assert_eq!(world.texts(ADMINS).await, ["root"]);
    }

    async fn of_twenty_who_use_the_link_at_once_one_becomes_admin(place: &Place) {
        let world = World::start(place, &[]).await;
        let link = link(&world);
        let forms: Vec<_> = (0..20).map(|number| filled(&link, &format!("root{number}"))).collect();
        let replies = join_all(forms.iter().map(|form| post(&world, form))).await;
        let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((made.len(), refused.len()), (1, 19));
        for reply in refused {
            reply.refused(404, NO_LINK);
        }
        assert_eq!(world.count("SELECT username FROM accounts").await, 1);
        assert_eq!(world.count(ADMINS).await, 1);
        assert_eq!(world.count("SELECT type FROM outbox").await, 1);
    }

    async fn whoever_comes_second_to_be_the_first_admin_is_none(place: &Place) {
        let world = World::start(place, &[]).await;
        let link = link(&world);
        world.register("ada").await;
        // What another process does under the lock.
        let change = &["UPDATE locks SET name = name WHERE name = 'admins'", "UPDATE accounts SET role = 'admin'"];
        let reply = during(place, &world, change, post(&world, &filled(&link, "root"))).await;
        reply.refused(404, NO_LINK);
        assert_eq!(world.texts(ADMINS).await, ["ada"]);
    }

    async fn a_used_link_stays_dead_whatever_becomes_of_the_admin(place: &Place) {
        let world = World::start(place, &[]).await;
        let link = link(&world);
        post(&world, &filled(&link, "root")).await.expect(200);
        world.execute("UPDATE accounts SET status = 'disabled'").await;
        page(&world, &link).await.refused(404, NO_LINK);
        post(&world, &filled(&link, "second")).await.refused(404, NO_LINK);
        assert_eq!(world.texts(ADMINS).await, ["root"]);
        world.stop().await;
        // Only whoever sees the process start gets another one.
        let world = World::start(place, &[]).await;
        assert!(world.setup.is_some());
    }

    async fn the_link_dies_when_somebody_becomes_admin_another_way(place: &Place) {
        let world = World::start(place, &[]).await;
        let link = link(&world);
        world.register("ada").await;
        world.execute("UPDATE accounts SET role = 'admin'").await;
        post(&world, &filled(&link, "root")).await.refused(404, NO_LINK);
        page(&world, &link).await.refused(404, NO_LINK);
        assert_eq!(world.texts(ADMINS).await, ["ada"]);
    }
}
