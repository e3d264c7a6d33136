//! What admins do with accounts.

use futures::future::join_all;
use kit_runtime::Ids;
use kit_testing::{Fixture, Reply, on_both_databases};
use serde_json::{Value, json};

use crate::app::{AuthApp, PASSWORD, members};
use crate::elsewhere::Elsewhere;
use crate::held::{ADMIN, Held, column};

/// Auth with an admin who is signed in.
async fn administrated(fixture: &Fixture) -> (AuthApp, Held) {
    let app = AuthApp::start(fixture, &ADMIN).await;
    let root = app.begin_again("root").await;
    (app, root)
}

async fn list(app: &AuthApp, admin: &Held, query: &str) -> Value {
    let path = format!("/admin/accounts?{query}");
    app.of(admin).get(&path).await.expect(200)
}

async fn names(app: &AuthApp, admin: &Held, query: &str) -> Vec<String> {
    let page = list(app, admin, query).await;
    column(&page, "username").into_iter().map(str::to_owned).collect()
}

/// Makes another admin of somebody.
async fn promoted(app: &AuthApp, admin: &Held, username: &str) -> Held {
    let held = app.begin(username).await;
    let reply = app
        .patch_account(admin, &held.user_id, json!({ "roles": ["admin"] }))
        .await;
    reply.expect(200);
    app.assert_lives_with(&held, &["customer", "staff", "admin"])
        .await
}

fn is_last_admin(reply: &Reply) -> bool {
    if reply.status == 409 {
        reply.expect_error(409, "The last admin cannot be removed");
    }
    reply.status == 409
}

on_both_databases! {
    async fn accounts_are_found_by_what_is_known_of_them(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        for name in ["Ada", "grace_h", "gracexh", "linus.t", "barbara"] {
            app.register(name).await;
        }
        app.execute("UPDATE accounts SET role = 'staff' WHERE username = 'barbara'").await;
        app.execute("UPDATE accounts SET status = 'disabled' WHERE username = 'linus.t'").await;
        app.execute("UPDATE accounts SET email = 'a%d@x.example', email_key = 'a%d@x.example' WHERE username = 'linus.t'").await;
        for (query, expected) in [
            ("", &["root", "Ada", "grace_h", "gracexh", "linus.t", "barbara"][..]),
            ("q=", &["root", "Ada", "grace_h", "gracexh", "linus.t", "barbara"]),
            ("q=ada", &["Ada"]),
            ("q=ADA%40EXAMPLE", &["Ada"]),
            ("q=grace_h", &["grace_h"]),
            ("q=_", &["grace_h"]),
            ("q=%25", &["linus.t"]),
            ("q=a%25d", &["linus.t"]),
            ("q=%5C", &[]),
            ("q=%27", &[]),
            ("q=nobody", &[]),
            ("role=customer", &["Ada", "grace_h", "gracexh", "linus.t"]),
            ("role=staff", &["barbara"]),
            ("role=admin", &["root"]),
            ("status=disabled", &["linus.t"]),
            ("status=active&q=grace", &["grace_h", "gracexh"]),
            ("status=disabled&role=admin", &[]),
        ] {
            assert_eq!(names(&app, &root, query).await, expected, "{query}");
        }
        let one = list(&app, &root, "q=grace_h").await["items"][0].clone();
        assert_eq!(
            members(&one),
            ["user_id", "username", "email", "email_verified", "roles", "status", "sessions", "created_at"]
        );
        assert_eq!(one["email"], "grace_h@example.com");
    }

    async fn accounts_come_a_page_at_a_time(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        for number in 0..6 {
            app.register(&format!("user-{number}")).await;
        }
        let (mut seen, mut path) = (Vec::new(), "limit=3&q=user".to_owned());
        for size in [3, 3] {
            let page = list(&app, &root, &path).await;
            assert_eq!(page["items"].as_array().unwrap().len(), size);
            seen.extend(column(&page, "username").into_iter().map(str::to_owned));
            path = format!("limit=3&q=user&cursor={}", page["next_cursor"].as_str().unwrap_or("none"));
        }
        assert!(path.ends_with("none"), "{path}");
        assert_eq!(seen, ["user-0", "user-1", "user-2", "user-3", "user-4", "user-5"]);
    }

    async fn a_search_that_makes_no_sense_is_no_failure_of_ours(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        for query in [
            "limit=0", "limit=101", "limit=-1", "limit=x", "cursor=%21", "cursor=AA", "role=king", "role=Admin",
            "status=gone", "page=2", "q=a&q=b", "q=%00", "q=%0A", "q=ada%00",
        ] {
            let reply = app.of(&root).get(&format!("/admin/accounts?{query}")).await;
            assert_eq!(reply.status, 400, "{query}");
        }
        for strange in ["%F0%9F%A6%80".to_owned(), "x".repeat(6000), "%25".repeat(2000)] {
            assert!(names(&app, &root, &format!("q={strange}")).await.is_empty());
        }
        // Before the first, and after the last.
        assert_eq!(names(&app, &root, "cursor=IA").await, ["root"]);
        assert!(names(&app, &root, "cursor=fn5-").await.is_empty());
    }

    async fn an_account_is_looked_at_by_its_identifier(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let ada = app.begin("ada").await;
        app.begin_again("ada").await;
        let get = async |id: &str| app.of(&root).get(&format!("/admin/accounts/{id}")).await;
        let account = get(&ada.user_id).await.expect(200);
        assert_eq!(account, app.me(&ada.token).await.expect(200));
        assert_eq!(account["sessions"], 2);
        let nobody = Ids::system().uuid().to_string();
        get(&nobody).await.expect_error(404, "User not found");
        app.patch_account(&root, &nobody, json!({ "roles": ["staff"] })).await.expect_error(404, "User not found");
        let sessions = format!("/admin/accounts/{nobody}/sessions");
        app.of(&root).delete(&sessions).await.expect_error(404, "User not found");
        for id in ["1", "%00", "ada", &ada.user_id.to_uppercase(), &ada.session_id()] {
            get(id).await.expect(400);
            app.patch_account(&root, id, json!({})).await.expect(400);
            app.of(&root).delete(&format!("/admin/accounts/{id}/sessions")).await.expect(400);
        }
    }

    async fn a_changed_role_takes_effect_everywhere_within_a_second(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let ada = app.begin("ada").await;
        let (everything, most, least) =
            (&["customer", "staff", "admin"][..], &["customer", "staff"][..], &["customer"][..]);
        let mut held = ada.clone();
        for (epoch, (requested, roles)) in [
            (json!(["staff"]), most),
            (json!(["admin"]), everything),
            (json!(["customer", "staff"]), most),
            (json!(["staff", "admin", "staff"]), everything),
            (json!(["customer"]), least),
            (json!(["admin"]), everything),
            // Nothing is left but what everybody has.
            (json!([]), least),
        ]
        .into_iter()
        .enumerate()
        {
            elsewhere.user(&held.token).await.expect(200);
            let reply = app.patch_account(&root, &ada.user_id, json!({ "roles": requested })).await;
            assert_eq!(reply.expect(200)["roles"], json!(roles));
            app.me(&held.token).await.expect_error(401, "Invalid or expired token");
            elsewhere.refuses_soon(&held.token).await;
            held = app.assert_lives_with(&held, roles).await;
            assert_eq!(app.claims(&held.token).epoch, i64::try_from(epoch).unwrap() + 1);
            let admitted = if roles == everything { 200 } else { 403 };
            elsewhere.admin(&held.token).await.expect(admitted);
            app.of(&held).get("/admin/accounts").await.expect(admitted);
        }
        let types = app.texts("SELECT type FROM outbox WHERE type LIKE 'roles.%' OR type LIKE 'user.d%'").await;
        assert_eq!(types, ["roles.changed"; 7]);
    }

    async fn a_disabled_account_is_out_at_once_until_it_is_enabled_again(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let held = [app.begin("ada").await, app.begin_again("ada").await];
        let ada = &held[0].user_id;
        let reply = app.patch_account(&root, ada, json!({ "status": "disabled" })).await;
        let account = reply.expect(200);
        assert_eq!((&account["status"], &account["sessions"]), (&json!("disabled"), &json!(0)));
        for each in &held {
            app.assert_dead(each).await;
            elsewhere.refuses_soon(&each.token).await;
        }
        app.log_in("ada", PASSWORD).await.expect_error(401, "Invalid username or password");
        let reply = app.patch_account(&root, ada, json!({ "status": "active" })).await;
        assert_eq!(reply.expect(200)["status"], "active");
        for each in &held {
            app.assert_dead(each).await;
        }
        let again = app.begin_again("ada").await;
        elsewhere.user(&again.token).await.expect(200);
        app.assert_lives(&again).await;
        let types = app.texts("SELECT type FROM outbox WHERE type LIKE 'user.%' ORDER BY position").await;
        assert_eq!(types[types.len() - 2..], ["user.disabled", "user.updated"]);
        assert_eq!(app.count("SELECT event_id FROM outbox WHERE type = 'session.revoked'").await, 2);
    }

    async fn a_role_may_be_changed_while_the_account_is_disabled(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let ada = app.begin("ada").await.user_id;
        let both = json!({ "roles": ["staff"], "status": "disabled" });
        let account = app.patch_account(&root, &ada, both).await.expect(200);
        assert_eq!((&account["status"], &account["roles"]), (&json!("disabled"), &json!(["customer", "staff"])));
        app.patch_account(&root, &ada, json!({ "roles": ["customer"] })).await.expect(200);
        let types = app.texts("SELECT type FROM outbox WHERE type IN ('user.disabled', 'user.updated')").await;
        assert_eq!(types, ["user.disabled"], "it was disabled once");
        app.log_in("ada", PASSWORD).await.expect(401);
    }

    async fn each_of_many_changes_at_once_is_answered_with_what_it_left(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let ada = app.begin("ada").await.user_id;
        let roles = |index: u64| if index.is_multiple_of(2) { json!(["customer"]) } else { json!(["customer", "staff"]) };
        let patches = (0..12).map(|index| app.patch_account(&root, &ada, json!({ "roles": roles(index) })));
        for (index, reply) in (0..).zip(futures::future::join_all(patches).await) {
            assert_eq!(reply.expect(200)["roles"], roles(index));
        }
    }

    async fn what_changes_nothing_ends_nothing(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let ada = app.begin("ada").await;
        for same in [
            json!({}),
            json!({ "roles": ["customer"] }),
            json!({ "roles": null, "status": null }),
            json!({ "status": "active" }),
            json!({ "roles": [], "status": "active" }),
        ] {
            let account = app.patch_account(&root, &ada.user_id, same).await.expect(200);
            assert_eq!(account["username"], "ada");
        }
        for wrong in [
            json!({ "roles": ["king"] }),
            json!({ "roles": ["Admin"] }),
            json!({ "roles": "admin" }),
            json!({ "roles": [null] }),
            json!({ "status": "gone" }),
            json!({ "status": 1 }),
            json!({ "epoch": 9 }),
            json!([]),
            json!({ "roles": ["staff", "king"], "status": "disabled" }),
        ] {
            app.patch_account(&root, &ada.user_id, wrong).await.expect(400);
        }
        assert_eq!(app.claims(&app.assert_lives(&ada).await.token).epoch, 0);
        app.me(&ada.token).await.expect(200);
        assert_eq!(app.count("SELECT revocation_id FROM revocations").await, 0);
        assert_eq!(app.count("SELECT audit_id FROM audit WHERE action = 'account.changed'").await, 0);
    }

    async fn an_account_is_changed_only_as_it_was_seen(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let ada = app.begin("ada").await;
        let path = format!("/admin/accounts/{}", ada.user_id);
        let seen = async || app.of(&root).get(&path).await.header("etag").to_owned();
        let change = async |seen: &str, patch: Value| {
            let client = app.of(&root).with("if-match", seen);
            client.send(http::Method::PATCH, &path, Some(&patch)).await
        };
        let first = seen().await;
        assert_eq!(app.me(&ada.token).await.header("etag"), first);
        let reply = change(&first, json!({ "roles": ["staff"] })).await;
        reply.expect(200);
        let second = reply.header("etag").to_owned();
        assert_ne!(second, first);
        assert_eq!(seen().await, second);
        // Whoever has not seen that changes nothing, not even by saying what is so already.
        for patch in [json!({ "status": "disabled" }), json!({ "roles": ["staff"] }), json!({})] {
            for stale in [first.as_str(), "\"x\"", &format!("W/{second}")] {
                change(stale, patch.clone()).await.expect_error(412, "the resource has changed since");
            }
        }
        change("rubbish", json!({ "roles": [] })).await.expect(400);
        let ada = app.assert_lives_with(&ada, &["customer", "staff"]).await;
        assert_eq!(seen().await, second, "a session is not what an admin changes");
        // Of two who saw the same one wins.
        let replies = join_all(["customer", "admin"].map(|role| change(&second, json!({ "roles": [role] })))).await;
        let mut said: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
        said.sort_unstable();
        assert_eq!(said, [200, 412]);
        change("*", json!({ "status": "disabled" })).await.expect(200);
        app.assert_dead(&ada).await;
        let nobody = format!("/admin/accounts/{}", Ids::system().uuid());
        let client = app.of(&root).with("if-match", &first);
        let reply = client.send(http::Method::PATCH, &nobody, Some(&json!({}))).await;
        reply.expect_error(404, "User not found");
    }

    async fn the_last_admin_stays(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let ada = promoted(&app, &root, "ada").await;
        // An admin who is disabled does not count.
        app.patch_account(&root, &ada.user_id, json!({ "status": "disabled" })).await.expect(200);
        for away in [
            json!({ "roles": ["staff"] }),
            json!({ "roles": [] }),
            json!({ "status": "disabled" }),
            json!({ "roles": ["customer"], "status": "disabled" }),
        ] {
            assert!(is_last_admin(&app.patch_account(&root, &root.user_id, away).await));
        }
        app.assert_lives(&root).await;
        app.patch_account(&root, &ada.user_id, json!({ "status": "active" })).await.expect(200);
        app.patch_account(&root, &root.user_id, json!({ "roles": ["customer"] })).await.expect(200);
        // From then on they may do nothing any more, by any token.
        app.of(&root).get("/admin/accounts").await.expect_error(401, "Invalid or expired token");
        let root = app.assert_lives_with(&root, &["customer"]).await;
        app.of(&root).get("/admin/accounts").await.expect_error(403, "this needs the role `admin`");
    }

    async fn of_the_last_two_admins_one_stays_however_they_go(fixture: &Fixture) {
        let (app, mut root) = administrated(fixture).await;
        let mut ada = promoted(&app, &root, "ada").await;
        for round in 0..8 {
            let away = if round % 2 == 0 { json!({ "roles": ["customer"] }) } else { json!({ "status": "disabled" }) };
            // Each the other, or each themselves.
            let (first, second) = if round % 4 < 2 { (&ada, &root) } else { (&root, &ada) };
            let replies = join_all([
                app.patch_account(&root, &first.user_id, away.clone()),
                app.patch_account(&ada, &second.user_id, away.clone()),
            ])
            .await;
            let refused: Vec<bool> = replies.iter().map(is_last_admin).collect();
            let gone = replies.iter().filter(|reply| reply.status == 200).count();
            // The second may be no admin any more when it is heard.
            let unheard = replies.iter().filter(|reply| reply.status == 401).count();
            assert_eq!(gone, 1, "{replies:?}");
            assert_eq!(refused.iter().filter(|refused| **refused).count() + unheard, 1, "{replies:?}");
            let admins = "SELECT user_id FROM accounts WHERE role = 'admin' AND status = 'active'";
            assert_eq!(app.count(admins).await, 1);
            app.execute("UPDATE accounts SET role = 'admin', status = 'active' WHERE username = 'root'").await;
            app.execute("UPDATE accounts SET role = 'admin', status = 'active' WHERE username = 'ada'").await;
            (root, ada) = (app.begin_again("root").await, app.begin_again("ada").await);
        }
    }

    async fn two_demotions_by_the_same_hand_leave_one_admin(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let ada = promoted(&app, &root, "ada").await;
        let grace = promoted(&app, &root, "grace").await;
        app.patch_account(&grace, &root.user_id, json!({ "roles": ["customer"] })).await.expect(200);
        // Grace demotes Ada and, from a second window, herself.
        let replies = join_all([&ada, &grace].map(|admin| {
            app.patch_account(&grace, &admin.user_id, json!({ "roles": ["customer"] }))
        }))
        .await;
        let mut said: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
        said.sort_unstable();
        assert!(said == [200, 409] || said == [200, 401], "{said:?}");
        assert_eq!(app.count("SELECT user_id FROM accounts WHERE role = 'admin'").await, 1);
    }

    async fn an_admin_signs_somebody_out_everywhere(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let held = [app.begin("ada").await, app.begin_again("ada").await];
        let path = format!("/admin/accounts/{}/sessions", held[0].user_id);
        for _ in 0..2 {
            let reply = app.of(&root).delete(&path).await;
            assert_eq!(reply.expect(200), json!({ "message": "Signed out everywhere" }));
        }
        for each in &held {
            app.assert_dead(each).await;
            elsewhere.refuses_soon(&each.token).await;
        }
        app.assert_lives(&app.begin_again("ada").await).await;
        app.assert_lives(&root).await;
    }

    async fn nobody_else_administrates(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let (customer, staff) = (app.begin("ada").await, app.begin("grace").await);
        app.patch_account(&root, &staff.user_id, json!({ "roles": ["staff"] })).await.expect(200);
        let staff = app.assert_lives_with(&staff, &["customer", "staff"]).await;
        let account = format!("/admin/accounts/{}", customer.user_id);
        let own = json!({ "roles": ["admin"] });
        for (client, status) in [(app.of(&customer), 403), (app.of(&staff), 403), (app.client(), 401)] {
            for path in ["/admin/accounts", &account, "/admin/keys", "/admin/audit"] {
                client.get(path).await.expect(status);
            }
            client.send(http::Method::PATCH, &account, Some(&own)).await.expect(status);
            client.delete(&format!("{account}/sessions")).await.expect(status);
            client.post("/admin/keys/rotate", &json!({})).await.expect(status);
            client.post("/admin/keys/some/withdraw", &json!({})).await.expect(status);
        }
        app.assert_lives_with(&customer, &["customer"]).await;
    }
}
