//! The keys that access tokens are signed with, and how one follows another.

use std::process::Command;
use std::time::Duration;

use auth_api::GetKeySet;
use futures::future::join;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::db::TestTarget;
use kit_testing::{Fixture, Reply, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{AuthApp, PASSWORD, part};
use crate::elsewhere::Elsewhere;
use crate::held::{ADMIN, Held, column, feed_refreshed};

/// For how long a key is published before it signs, unless the configuration says otherwise.
const AHEAD: Duration = Duration::from_secs(15);
const MOMENT: Duration = Duration::from_micros(1);
const DAY: Duration = Duration::from_hours(24);

fn kid_of(held: &Held) -> String {
    part(&held.token, 0)["kid"].as_str().unwrap().to_owned()
}

async fn rotate(app: &AuthApp, admin: &Held) -> Value {
    app.of(admin)
        .post("/admin/keys/rotate", &json!({}))
        .await
        .expect(200)
}

async fn withdraw(app: &AuthApp, admin: &Held, kid: &str) -> Reply {
    app.of(admin)
        .post(&format!("/admin/keys/{kid}/withdraw"), &json!({}))
        .await
}

/// Each key's name and what it does.
async fn ring(app: &AuthApp, admin: &Held) -> Vec<(String, String)> {
    states(&app.of(admin).get("/admin/keys").await.expect(200))
}

fn states(ring: &Value) -> Vec<(String, String)> {
    let both = column(ring, "kid").into_iter().zip(column(ring, "state"));
    both.map(|(kid, state)| (kid.to_owned(), state.to_owned()))
        .collect()
}

fn state<'r>(ring: &'r [(String, String)], expected: &str) -> Vec<&'r str> {
    let found = ring.iter().filter(|(_, state)| state == expected);
    found.map(|(kid, _)| kid.as_str()).collect()
}

/// The names of the published keys.
async fn published(app: &AuthApp) -> Vec<String> {
    let keys = app.client().get("/.well-known/jwks.json").await.expect(200);
    let kids = keys["keys"].as_array().unwrap().iter();
    kids.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

impl Elsewhere {
    fn believes(&self, kid: &str) -> bool {
        format!("{:?}", self.verifier).contains(kid)
    }

    async fn learns(&self, kid: &str) {
        eventually("the key is known elsewhere", async || {
            self.believes(kid).then_some(())
        })
        .await;
    }
}

async fn administrated(fixture: &Fixture) -> (AuthApp, Held) {
    let app = AuthApp::start(fixture, &ADMIN).await;
    let root = app.begin_again("root").await;
    (app, root)
}

on_both_databases! {
    async fn a_key_is_published_signs_and_stays_for_its_last_token(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let old = kid_of(&root);
        assert_eq!(ring(&app, &root).await, [(old.clone(), "active".to_owned())]);
        let rotated = states(&rotate(&app, &root).await);
        let new = rotated[1].0.clone();
        assert_eq!(rotated, [(old.clone(), "active".to_owned()), (new.clone(), "next".to_owned())]);
        assert_eq!(published(&app).await, [old.clone(), new.clone()], "at once");
        elsewhere.learns(&new).await;

        app.advance(AHEAD.checked_sub(MOMENT).unwrap());
        assert_eq!(ring(&app, &root).await, rotated);
        let last = app.begin("ada").await;
        assert_eq!(kid_of(&last), old);
        app.advance(MOMENT);
        let moved = ring(&app, &root).await;
        assert_eq!(moved, [(old.clone(), "retired".to_owned()), (new.clone(), "active".to_owned())]);
        let first = app.go_on(&last).await;
        assert_eq!(kid_of(&first), new);
        for held in [&last, &first] {
            app.me(&held.token).await.expect(200);
            elsewhere.user(&held.token).await.expect(200);
        }

        // Until the last token that the old one signed has ended.
        app.advance(DAY.checked_sub(Duration::from_secs(1)).unwrap());
        app.me(&last.token).await.expect(200);
        elsewhere.user(&last.token).await.expect(200);
        app.advance(Duration::from_secs(61).checked_sub(MOMENT).unwrap());
        app.me(&last.token).await.expect_error(401, "Invalid or expired token");
        let root = app.begin_again("root").await;
        app.feed_refreshed().await;
        assert_eq!(ring(&app, &root).await, moved);
        app.advance(MOMENT);
        assert_eq!(ring(&app, &root).await, [(new.clone(), "active".to_owned())]);
        assert_eq!(published(&app).await, [new]);
        let forgets = async || (!elsewhere.believes(&old)).then_some(());
        eventually("the old key is forgotten elsewhere", forgets).await;
    }

    async fn keys_follow_each_other_by_themselves(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let new = states(&rotate(&app, &root).await)[1].0.clone();
        app.advance(AHEAD);
        // Nobody looks at the ring: the feed's rounds move it on.
        let moved = async || (kid_of(&app.begin_again("root").await) == new).then_some(());
        eventually("the new key signs", moved).await;
        app.advance(DAY + Duration::from_mins(1));
        let gone = async || (published(&app).await == [new.clone()]).then_some(());
        eventually("the old key is gone", gone).await;
    }

    async fn nobody_notices_a_rotation(fixture: &Fixture) {
        let soon = [("auth.key_publish_ahead", "3s")];
        let app = AuthApp::start(fixture, &[&ADMIN[..], &soon].concat()).await;
        let root = app.begin_again("root").await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let old = kid_of(&root);
        let new = states(&rotate(&app, &root).await)[1].0.clone();
        // A second passes once everybody has asked in it, which is less often than they do in a real one.
        let time = async {
            for _ in 0..6 {
                app.advance(Duration::from_secs(1));
                join(app.feed_refreshed(), feed_refreshed(&elsewhere.verifier)).await;
            }
        };
        let using = async {
            let mut held = app.begin("ada").await;
            let mut kids = vec![old.clone()];
            while kids.len() < 2 || *kids.last().unwrap() != new {
                held = app.go_on(&held).await;
                elsewhere.user(&held.token).await.expect(200);
                app.me(&held.token).await.expect(200);
                app.validate(&held.token).await.expect(200);
                if kid_of(&held) != *kids.last().unwrap() {
                    kids.push(kid_of(&held));
                }
            }
            kids
        };
        let (kids, ()) = join(using, time).await;
        assert_eq!(kids, [old, new]);
    }

    async fn what_a_withdrawn_key_signed_is_refused_within_a_second(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let ada = app.begin("ada").await;
        let old = kid_of(&root);
        elsewhere.user(&ada.token).await.expect(200);
        let ring_now = states(&withdraw(&app, &root, &old).await.expect(200));
        assert_eq!(state(&ring_now, "withdrawn"), [&old]);
        let [new] = state(&ring_now, "active")[..] else {
            panic!("{ring_now:?}")
        };
        assert_eq!(published(&app).await, [new]);
        elsewhere.refuses_soon(&ada.token).await;
        let gone = async || (app.me(&ada.token).await.status == 401).then_some(());
        eventually("auth itself refuses it", gone).await;
        app.validate(&ada.token).await.expect_error(401, "Invalid or malformed token");
        // The sessions are not to blame, and the admin's neither.
        elsewhere.learns(new).await;
        let ada = app.go_on(&ada).await;
        assert_eq!(kid_of(&ada), new);
        elsewhere.user(&ada.token).await.expect(200);
        let root = app.go_on(&root).await;
        assert_eq!(ring(&app, &root).await, ring_now);
        withdraw(&app, &root, &old).await.expect_error(404, "Key not found");
    }

    async fn a_key_of_before_does_not_come_back_for_a_withdrawn_one(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let first = kid_of(&root);
        rotate(&app, &root).await;
        app.advance(AHEAD);
        let second = state(&ring(&app, &root).await, "active")[0].to_owned();
        let ring_now = states(&withdraw(&app, &root, &second).await.expect(200));
        assert_eq!(state(&ring_now, "withdrawn"), [&second]);
        assert_eq!(state(&ring_now, "retired"), [&first], "what it signed is good, and it signs no more");
        let [third] = state(&ring_now, "active")[..] else {
            panic!("{ring_now:?}")
        };
        let signs = async || (kid_of(&app.begin_again("root").await) == third).then_some(());
        eventually("the spare signs", signs).await;
    }

    async fn a_key_may_be_withdrawn_before_it_signs_and_after(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let active = kid_of(&root);
        let next = states(&rotate(&app, &root).await)[1].0.clone();
        let ring_now = states(&withdraw(&app, &root, &next).await.expect(200));
        assert_eq!(state(&ring_now, "active"), [&active]);
        assert_eq!(state(&ring_now, "withdrawn"), [&next]);
        assert_eq!(published(&app).await, std::slice::from_ref(&active));
        app.advance(AHEAD);
        let root = app.begin_again("root").await;
        assert_eq!(kid_of(&root), active);
        // And one that has retired.
        rotate(&app, &root).await;
        app.advance(AHEAD);
        let now = state(&ring(&app, &root).await, "active")[0].to_owned();
        let ring_now = states(&withdraw(&app, &root, &active).await.expect(200));
        assert_eq!(state(&ring_now, "active"), [&now]);
        assert_eq!(state(&ring_now, "retired"), [""; 0]);
        assert_eq!(published(&app).await, [now]);
    }

    async fn there_is_no_key_of_that_name(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        let kid = kid_of(&root);
        for name in ["none", "%00", "%F0%9F%A6%80", &kid[1..], &format!("{kid}x"), &"x".repeat(5000)] {
            withdraw(&app, &root, name).await.expect_error(404, "Key not found");
        }
        assert_eq!(ring(&app, &root).await, [(kid, "active".to_owned())]);
        assert_eq!(app.count("SELECT kid FROM signing_keys").await, 1);
    }

    async fn a_shared_secret_has_no_ring(fixture: &Fixture) {
        let secret = [("token.jwt_secret", "a shared secret that is long enough")];
        let app = AuthApp::start(fixture, &[&ADMIN[..], &secret].concat()).await;
        let root = app.begin_again("root").await;
        let refusal = "Tokens are signed with a shared secret";
        app.of(&root).post("/admin/keys/rotate", &json!({})).await.expect_error(409, refusal);
        withdraw(&app, &root, "any").await.expect_error(409, refusal);
        assert!(ring(&app, &root).await.is_empty());
        assert!(published(&app).await.is_empty());
        assert_eq!(app.count("SELECT kid FROM signing_keys").await, 0);
        app.assert_lives(&root).await;
    }

    async fn a_restart_keeps_the_ring(fixture: &Fixture) {
        let (app, root) = administrated(fixture).await;
        rotate(&app, &root).await;
        app.advance(AHEAD);
        let (old, new) = (root, app.begin_again("root").await);
        rotate(&app, &new).await;
        let before = ring(&app, &new).await;
        assert_eq!(before.len(), 3);
        app.stop().await;
        let app = AuthApp::start(fixture, &ADMIN).await;
        assert_eq!(ring(&app, &new).await, before);
        app.me(&old.token).await.expect(200);
        app.assert_lives(&old).await;
        let signed = app.begin_again("root").await;
        assert_eq!(state(&before, "active"), [kid_of(&signed)]);
    }

    async fn another_secret_does_not_open_the_keys_and_says_so(fixture: &Fixture) {
        let right = [("auth.secret", "the secret that the keys are sealed with")];
        let app = AuthApp::start(fixture, &right).await;
        let kid = published(&app).await[0].clone();
        app.stop().await;
        let wrong = [("auth.secret", "another secret that opens none of them")];
        let Err(refused) = AuthApp::try_start(fixture, &wrong).await else {
            panic!("it started")
        };
        assert_eq!(
            refused.to_string(),
            format!("the key `{kid}` in the database does not open with this `auth.secret`; processes of auth share it")
        );
        AuthApp::start(fixture, &right).await;
    }

    async fn a_new_key_file_signs_once_every_verifier_has_it(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let root = app.begin_again("root").await;
        app.stop().await;
        let path = fixture.data().join("new.pem");
        let file = path.to_str().unwrap();
        let made = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out", file]).output();
        assert!(made.unwrap().status.success());
        let app = AuthApp::start(fixture, &[&ADMIN[..], &[("auth.signing_key_file", file)]].concat()).await;
        let old = kid_of(&root);
        let ring_now = ring(&app, &root).await;
        assert_eq!(state(&ring_now, "active"), [&old]);
        let [new] = state(&ring_now, "next")[..] else {
            panic!("{ring_now:?}")
        };
        assert_eq!(kid_of(&app.begin_again("root").await), old);
        app.advance(AHEAD);
        assert_eq!(state(&ring(&app, &root).await, "active"), [new]);
        assert_eq!(kid_of(&app.begin_again("root").await), new);
    }

    async fn whoever_asks_for_the_keys_gets_those_of_now(fixture: &Fixture) {
        // Where no feed is followed, only the keys are asked for.
        let app = AuthApp::start(fixture, &[&ADMIN[..], &[("token.revocation", "off")]].concat()).await;
        let root = app.begin_again("root").await;
        let new = states(&rotate(&app, &root).await)[1].0.clone();
        app.advance(AHEAD);
        let call = CallContext::new(Actor::Service("tests".into()), Deadline::after(Duration::from_secs(10)));
        let keys = app.auth().key_set(&call, GetKeySet {}).await.unwrap();
        assert_eq!(keys.keys.len(), 2);
        assert_eq!(kid_of(&app.begin_again("root").await), new);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_on_one_database_share_the_ring() {
    Fixture::run(TestTarget::postgres().await, async |fixture: &Fixture| {
        let (one, root) = administrated(fixture).await;
        let two = AuthApp::start(fixture, &[]).await;
        let old = kid_of(&root);
        assert_eq!(published(&two).await, std::slice::from_ref(&old));
        let there = Held::of(&two.log_in("root", PASSWORD).await.expect(200));
        one.assert_lives(&there).await;
        two.assert_lives(&root).await;

        let new = states(&rotate(&one, &root).await)[1].0.clone();
        let known = async || (published(&two).await == [old.clone(), new.clone()]).then_some(());
        eventually("the other process publishes the new key", known).await;
        assert_eq!(kid_of(&two.begin_again("root").await), old);
        one.advance(AHEAD);
        for app in [&one, &two] {
            let signs = async || (kid_of(&app.begin_again("root").await) == new).then_some(());
            eventually("each signs with the new key", signs).await;
        }
        let (here, there) = (one.begin_again("root").await, two.begin_again("root").await);
        one.me(&there.token).await.expect(200);
        two.me(&here.token).await.expect(200);

        withdraw(&two, &there, &new).await.expect(200);
        for app in [&one, &two] {
            for held in [&here, &there] {
                let refused = async || (app.me(&held.token).await.status == 401).then_some(());
                eventually("neither takes what it signed", refused).await;
            }
        }
        let here = one.go_on(&here).await;
        assert_ne!(kid_of(&here), new);
        let taken = async || (two.me(&here.token).await.status == 200).then_some(());
        eventually("each takes what the other signs now", taken).await;
        assert_eq!(ring(&one, &here).await, ring(&two, &here).await);
    })
    .await;
}
