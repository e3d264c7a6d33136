//! The keys that access tokens are signed with, and how one follows another.

use std::process::Command;
use std::time::Duration;

use auth_api::GetKeySet;
use futures::future::join;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::db::TestTarget;
use kit_testing::{Reply, eventually};
use serde_json::{Value, json};

use crate::elsewhere::Elsewhere;
use crate::held::{ADMIN, Held, column};
use crate::world::{PASSWORD, Place, World, at, on_both_databases, part};

/// For how long a key is published before it signs, unless the configuration says otherwise.
const AHEAD: Duration = Duration::from_secs(15);
const MOMENT: Duration = Duration::from_micros(1);
const DAY: Duration = Duration::from_hours(24);

fn kid_of(held: &Held) -> String {
    part(&held.token, 0)["kid"].as_str().unwrap().to_owned()
}

async fn rotate(world: &World, admin: &Held) -> Value {
    world
        .of(admin)
        .post("/admin/keys/rotate", &json!({}))
        .await
        .expect(200)
}

async fn withdraw(world: &World, admin: &Held, kid: &str) -> Reply {
    world
        .of(admin)
        .post(&format!("/admin/keys/{kid}/withdraw"), &json!({}))
        .await
}

/// Each key's name and what it does.
async fn ring(world: &World, admin: &Held) -> Vec<(String, String)> {
    states(&world.of(admin).get("/admin/keys").await.expect(200))
}

fn states(ring: &Value) -> Vec<(String, String)> {
    let both = column(ring, "kid").into_iter().zip(column(ring, "state"));
    both.map(|(kid, state)| (kid.to_owned(), state.to_owned()))
        .collect()
}

fn state<'r>(ring: &'r [(String, String)], wanted: &str) -> Vec<&'r str> {
    let found = ring.iter().filter(|(_, state)| state == wanted);
    found.map(|(kid, _)| kid.as_str()).collect()
}

/// The names of the published keys.
async fn published(world: &World) -> Vec<String> {
    let keys = world.client().get("/.well-known/jwks.json").await.expect(200);
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

async fn administrated(place: &Place) -> (World, Held) {
    let world = World::start(place, &ADMIN).await;
    let root = world.begin_again("root").await;
    (world, root)
}

on_both_databases! {
    async fn a_key_is_published_signs_and_stays_for_its_last_token(place: &Place) {
        let (world, root) = administrated(place).await;
        let elsewhere = Elsewhere::start(place, &world).await;
        let old = kid_of(&root);
        assert_eq!(ring(&world, &root).await, [(old.clone(), "active".to_owned())]);
        let rotated = states(&rotate(&world, &root).await);
        let new = rotated[1].0.clone();
        assert_eq!(rotated, [(old.clone(), "active".to_owned()), (new.clone(), "next".to_owned())]);
        assert_eq!(published(&world).await, [old.clone(), new.clone()], "at once");
        elsewhere.learns(&new).await;

        world.advance(AHEAD.checked_sub(MOMENT).unwrap());
        assert_eq!(ring(&world, &root).await, rotated);
        let last = world.begin("ada").await;
        assert_eq!(kid_of(&last), old);
        world.advance(MOMENT);
        let moved = ring(&world, &root).await;
        assert_eq!(moved, [(old.clone(), "retired".to_owned()), (new.clone(), "active".to_owned())]);
        let first = world.go_on(&last).await;
        assert_eq!(kid_of(&first), new);
        for held in [&last, &first] {
            world.me(&held.token).await.expect(200);
            elsewhere.user(&held.token).await.expect(200);
        }

        // Until the last token that the old one signed has ended.
        world.advance(DAY.checked_sub(Duration::from_secs(1)).unwrap());
        world.me(&last.token).await.expect(200);
        elsewhere.user(&last.token).await.expect(200);
        world.advance(Duration::from_secs(61).checked_sub(MOMENT).unwrap());
        world.me(&last.token).await.refused(401, "Invalid or expired token");
        let root = world.begin_again("root").await;
        world.hears().await;
        assert_eq!(ring(&world, &root).await, moved);
        world.advance(MOMENT);
        assert_eq!(ring(&world, &root).await, [(new.clone(), "active".to_owned())]);
        assert_eq!(published(&world).await, [new]);
        let forgets = async || (!elsewhere.believes(&old)).then_some(());
        eventually("the old key is forgotten elsewhere", forgets).await;
    }

    async fn keys_follow_each_other_by_themselves(place: &Place) {
        let (world, root) = administrated(place).await;
        let new = states(&rotate(&world, &root).await)[1].0.clone();
        world.advance(AHEAD);
        // Nobody looks at the ring: the feed's rounds move it on.
        let moved = async || (kid_of(&world.begin_again("root").await) == new).then_some(());
        eventually("the new key signs", moved).await;
        world.advance(DAY + Duration::from_mins(1));
        let gone = async || (published(&world).await == [new.clone()]).then_some(());
        eventually("the old key is gone", gone).await;
    }

    async fn nobody_notices_a_rotation(place: &Place) {
        let (world, root) = administrated(place).await;
        let elsewhere = Elsewhere::start(place, &world).await;
        let old = kid_of(&root);
        let new = states(&rotate(&world, &root).await)[1].0.clone();
        // Seconds pass faster here than outside, and still slower than the feed's rounds.
        let time = async {
            for _ in 0..AHEAD.as_secs() + 3 {
                world.advance(Duration::from_secs(1));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let using = async {
            let mut held = world.begin("ada").await;
            let mut kids = vec![old.clone()];
            while kids.len() < 2 || *kids.last().unwrap() != new {
                held = world.go_on(&held).await;
                elsewhere.user(&held.token).await.expect(200);
                world.me(&held.token).await.expect(200);
                world.validate(&held.token).await.expect(200);
                if kid_of(&held) != *kids.last().unwrap() {
                    kids.push(kid_of(&held));
                }
            }
            kids
        };
        let (kids, ()) = join(using, time).await;
        assert_eq!(kids, [old, new]);
    }

    async fn what_a_withdrawn_key_signed_is_refused_within_a_second(place: &Place) {
        let (world, root) = administrated(place).await;
        let elsewhere = Elsewhere::start(place, &world).await;
        let ada = world.begin("ada").await;
        let old = kid_of(&root);
        elsewhere.user(&ada.token).await.expect(200);
        let ring_now = states(&withdraw(&world, &root, &old).await.expect(200));
        assert_eq!(state(&ring_now, "withdrawn"), [&old]);
        let [new] = state(&ring_now, "active")[..] else {
            panic!("{ring_now:?}")
        };
        assert_eq!(published(&world).await, [new]);
        elsewhere.refuses_soon(&ada.token).await;
        let gone = async || (world.me(&ada.token).await.status == 401).then_some(());
        eventually("auth itself refuses it", gone).await;
        world.validate(&ada.token).await.refused(401, "Invalid or malformed token");
        // The sessions are not to blame, and the admin's neither.
        elsewhere.learns(new).await;
        let ada = world.go_on(&ada).await;
        assert_eq!(kid_of(&ada), new);
        elsewhere.user(&ada.token).await.expect(200);
        let root = world.go_on(&root).await;
        assert_eq!(ring(&world, &root).await, ring_now);
        withdraw(&world, &root, &old).await.refused(404, "Key not found");
    }

    async fn a_key_of_before_does_not_come_back_for_a_withdrawn_one(place: &Place) {
        let (world, root) = administrated(place).await;
        let first = kid_of(&root);
        rotate(&world, &root).await;
        world.advance(AHEAD);
        let second = state(&ring(&world, &root).await, "active")[0].to_owned();
        let ring_now = states(&withdraw(&world, &root, &second).await.expect(200));
        assert_eq!(state(&ring_now, "withdrawn"), [&second]);
        assert_eq!(state(&ring_now, "retired"), [&first], "what it signed is good, and it signs no more");
        let [third] = state(&ring_now, "active")[..] else {
            panic!("{ring_now:?}")
        };
        let signs = async || (kid_of(&world.begin_again("root").await) == third).then_some(());
        eventually("the spare signs", signs).await;
    }

    async fn a_key_may_be_withdrawn_before_it_signs_and_after(place: &Place) {
        let (world, root) = administrated(place).await;
        let active = kid_of(&root);
        let next = states(&rotate(&world, &root).await)[1].0.clone();
        let ring_now = states(&withdraw(&world, &root, &next).await.expect(200));
        assert_eq!(state(&ring_now, "active"), [&active]);
        assert_eq!(state(&ring_now, "withdrawn"), [&next]);
        assert_eq!(published(&world).await, std::slice::from_ref(&active));
        world.advance(AHEAD);
        let root = world.begin_again("root").await;
        assert_eq!(kid_of(&root), active);
        // And one that has retired.
        rotate(&world, &root).await;
        world.advance(AHEAD);
        let now = state(&ring(&world, &root).await, "active")[0].to_owned();
        let ring_now = states(&withdraw(&world, &root, &active).await.expect(200));
        assert_eq!(state(&ring_now, "active"), [&now]);
        assert_eq!(state(&ring_now, "retired"), [""; 0]);
        assert_eq!(published(&world).await, [now]);
    }

    async fn there_is_no_key_of_that_name(place: &Place) {
        let (world, root) = administrated(place).await;
        let kid = kid_of(&root);
        for name in ["none", "%00", "%F0%9F%A6%80", &kid[1..], &format!("{kid}x"), &"x".repeat(5000)] {
            withdraw(&world, &root, name).await.refused(404, "Key not found");
        }
        assert_eq!(ring(&world, &root).await, [(kid, "active".to_owned())]);
        assert_eq!(world.count("SELECT kid FROM signing_keys").await, 1);
    }

    async fn a_shared_secret_has_no_ring(place: &Place) {
        let secret = [("token.jwt_secret", "a shared secret that is long enough")];
        let world = World::start(place, &[&ADMIN[..], &secret].concat()).await;
        let root = world.begin_again("root").await;
        let refusal = "Tokens are signed with a shared secret";
        world.of(&root).post("/admin/keys/rotate", &json!({})).await.refused(409, refusal);
        withdraw(&world, &root, "any").await.refused(409, refusal);
        assert!(ring(&world, &root).await.is_empty());
        assert!(published(&world).await.is_empty());
        assert_eq!(world.count("SELECT kid FROM signing_keys").await, 0);
        world.assert_lives(&root).await;
    }

    async fn a_restart_keeps_the_ring(place: &Place) {
        let (world, root) = administrated(place).await;
        rotate(&world, &root).await;
        world.advance(AHEAD);
        let (old, new) = (root, world.begin_again("root").await);
        rotate(&world, &new).await;
        let before = ring(&world, &new).await;
        assert_eq!(before.len(), 3);
        world.stop().await;
        let world = World::start(place, &ADMIN).await;
        assert_eq!(ring(&world, &new).await, before);
        world.me(&old.token).await.expect(200);
        world.assert_lives(&old).await;
        let signed = world.begin_again("root").await;
        assert_eq!(state(&before, "active"), [kid_of(&signed)]);
    }

    async fn another_secret_does_not_open_the_keys_and_says_so(place: &Place) {
        let right = [("auth.secret", "the secret that the keys are sealed with")];
        let world = World::start(place, &right).await;
        let kid = published(&world).await[0].clone();
        world.stop().await;
        let wrong = [("auth.secret", "another secret that opens none of them")];
        let Err(refused) = World::try_start(place, &wrong).await else {
            panic!("it started")
        };
        assert_eq!(
            refused.to_string(),
            format!("the key `{kid}` in the database does not open with this `auth.secret`; processes of auth share it")
        );
        World::start(place, &right).await;
    }

    async fn a_new_key_file_signs_once_every_verifier_has_it(place: &Place) {
        let world = World::start(place, &ADMIN).await;
        let root = world.begin_again("root").await;
        world.stop().await;
        let path = place.data().join("new.pem");
        let file = path.to_str().unwrap();
        let made = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out", file]).output();
        assert!(made.unwrap().status.success());
        let world = World::start(place, &[&ADMIN[..], &[("auth.signing_key_file", file)]].concat()).await;
        let old = kid_of(&root);
        let ring_now = ring(&world, &root).await;
        assert_eq!(state(&ring_now, "active"), [&old]);
        let [new] = state(&ring_now, "next")[..] else {
            panic!("{ring_now:?}")
        };
        assert_eq!(kid_of(&world.begin_again("root").await), old);
        world.advance(AHEAD);
        assert_eq!(state(&ring(&world, &root).await, "active"), [new]);
        assert_eq!(kid_of(&world.begin_again("root").await), new);
    }

    async fn whoever_asks_for_the_keys_gets_those_of_now(place: &Place) {
        // Where no feed is followed, only the keys are asked for.
        let world = World::start(place, &[&ADMIN[..], &[("token.revocation", "off")]].concat()).await;
        let root = world.begin_again("root").await;
        let new = states(&rotate(&world, &root).await)[1].0.clone();
        world.advance(AHEAD);
        let call = CallContext::new(Actor::Service("tests".into()), Deadline::after(Duration::from_secs(10)));
        let keys = world.auth.key_set(&call, GetKeySet {}).await.unwrap();
        assert_eq!(keys.keys.len(), 2);
        assert_eq!(kid_of(&world.begin_again("root").await), new);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_on_one_database_share_the_ring() {
    at(TestTarget::postgres().await, async |place: &Place| {
        let (one, root) = administrated(place).await;
        let two = World::start(place, &[]).await;
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
        for world in [&one, &two] {
            let signs = async || (kid_of(&world.begin_again("root").await) == new).then_some(());
            eventually("each signs with the new key", signs).await;
        }
        let (here, there) = (one.begin_again("root").await, two.begin_again("root").await);
        one.me(&there.token).await.expect(200);
        two.me(&here.token).await.expect(200);

        withdraw(&two, &there, &new).await.expect(200);
        for world in [&one, &two] {
            for held in [&here, &there] {
                let refused = async || (world.me(&held.token).await.status == 401).then_some(());
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
