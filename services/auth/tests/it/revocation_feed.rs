//! How other processes hear what was revoked, and what they do while they hear nothing.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_api::{
    Auth, AuthClient, AuthError, GetIdentity, GetKeySet, GetRevocations, Identity, NoAuth, RevocationNews,
};
use bytes::Bytes;
use http::Method;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::db::TestTarget;
use kit_testing::eventually;
use kit_token::{FeedHealth, Jwks};
use serde_json::json;

use crate::elsewhere::Elsewhere;
use crate::held::{ADMIN, Held};
use crate::world::{Place, World, at, on_both_databases};

/// The way to auth, which lets so many calls through as it is told.
#[derive(Clone)]
struct Line {
    auth: AuthClient,
    calls: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

impl Line {
    const OPEN: usize = usize::MAX / 2;

    fn to(world: &World, calls: usize) -> Self {
        Self {
            auth: world.auth.clone(),
            calls: Arc::new(AtomicUsize::new(calls)),
            refused: Arc::default(),
        }
    }

    fn client(&self) -> AuthClient {
        AuthClient::local(self.clone())
    }

    fn set(&self, calls: usize) {
        self.calls.store(calls, Ordering::SeqCst);
    }

    /// Returns once a call was refused from now on: whoever makes one after the other has heard by then what
    /// came of those before.
    async fn has_refused(&self) {
        let before = self.refused.load(Ordering::SeqCst);
        let refused = async || (self.refused.load(Ordering::SeqCst) > before).then_some(());
        eventually("a call is refused", refused).await;
    }

    fn pass(&self) -> Result<(), AuthError> {
        let fewer = |calls: usize| calls.checked_sub(1);
        let passed = self.calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer);
        passed.map(|_| ()).map_err(|_| {
            self.refused.fetch_add(1, Ordering::SeqCst);
            AuthError::Unavailable
        })
    }
}

impl Auth for Line {
    async fn key_set(&self, call: &CallContext, request: GetKeySet) -> Result<Jwks, AuthError> {
        self.pass()?;
        self.auth.key_set(call, request).await
    }

    async fn revocations(
        &self,
        call: &CallContext,
        request: GetRevocations,
    ) -> Result<RevocationNews, AuthError> {
        self.pass()?;
        self.auth.revocations(call, request).await
    }

    async fn get_identity(&self, call: &CallContext, request: GetIdentity) -> Result<Identity, AuthError> {
        self.pass()?;
        self.auth.get_identity(call, request).await
    }
}

impl Elsewhere {
    /// Nobody is let in, and nobody is told that their token is bad.
    async fn assert_knows_nothing(&self, token: &str) {
        assert!(!self.process.readiness.report().await.ready);
        self.user(token).await.refused(503, "Auth service unavailable");
        self.admin(token).await.refused(503, "Auth service unavailable");
    }
}

async fn news(world: &World) -> RevocationNews {
    let call = CallContext::new(
        Actor::Service("tests".into()),
        Deadline::after(Duration::from_secs(10)),
    );
    world
        .auth
        .revocations(&call, GetRevocations { after: None })
        .await
        .unwrap()
}

async fn log_out(world: &World, held: &Held) {
    world.of(held).post("/logout", &json!({})).await.expect(200);
}

/// Entries of sessions that nobody knows, all of one moment: more than two answers hold.
const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
    INSERT INTO revocations (revocation_id, session_id, at, expires_at)
    SELECT 'many-' || CAST(100000000000 + i AS TEXT), 'ses_00000000-0000-0000-0000-' || CAST(100000000000 + i AS TEXT),
        created_at, expires_at FROM n, sessions WHERE device = 'first'";

on_both_databases! {
    async fn the_first_answer_tells_everything_that_still_matters(place: &Place) {
        let world = World::start(place, &ADMIN).await;
        let root = world.begin_again("root").await;
        let (ada, grace, alive) = (world.begin("ada").await, world.begin("grace").await, world.begin("linus").await);
        log_out(&world, &ada).await;
        world.patch_account(&root, &grace.user_id, json!({ "roles": ["staff"] })).await.expect(200);
        let elsewhere = Elsewhere::start(place, &world).await;
        for dead in [&ada, &grace] {
            elsewhere.user(&dead.token).await.refused(401, "Invalid or expired token");
        }
        elsewhere.user(&alive.token).await.expect(200);
        let told = news(&world).await;
        assert_eq!(told.sessions, [ada.session_id().parse().unwrap()]);
        assert_eq!(told.epochs, [(grace.user_id.parse().unwrap(), 1)]);
        assert!(!told.more);
        // Until the last token has ended that it concerns.
        world.advance(Duration::from_hours(24) + Duration::from_mins(1));
        assert_eq!(news(&world).await.sessions.len(), 1);
        world.advance(Duration::from_mins(1));
        let told = news(&world).await;
        assert!(told.sessions.is_empty() && told.epochs.is_empty());
    }

    async fn there_may_be_more_than_one_answer_holds(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        let first = world.begin_again("ada").await;
        world.execute("UPDATE sessions SET device = 'first'").await;
        assert_eq!(world.execute(MANY).await, 12_000);
        world.advance(Duration::from_secs(1));
        log_out(&world, &first).await;
        let alive = world.begin_again("ada").await;
        assert!(news(&world).await.more);

        // Two answers of three: half a snapshot is none.
        let line = Line::to(&world, 2);
        let elsewhere = Elsewhere::following(place.process(), line.client(), &[]).await;
        line.has_refused().await;
        for held in [&first, &alive] {
            elsewhere.assert_knows_nothing(&held.token).await;
        }
        line.set(Line::OPEN);
        elsewhere.process.ready().await;
        elsewhere.user(&first.token).await.refused(401, "Invalid or expired token");
        elsewhere.user(&alive.token).await.expect(200);
    }

    async fn what_is_committed_late_is_heard_all_the_same(place: &Place) {
        let world = World::start(place, &[]).await;
        let elsewhere = Elsewhere::start(place, &world).await;
        let late = world.begin("ada").await;
        world.execute("UPDATE sessions SET device = 'late'").await;
        world.advance(Duration::from_secs(50));
        let other = world.begin("grace").await;
        log_out(&world, &other).await;
        elsewhere.refuses_soon(&other.token).await;
        elsewhere.user(&late.token).await.expect(200);
        // Its time was taken before the other's, and its transaction ended after it was read.
        let entry = "INSERT INTO revocations (revocation_id, session_id, at, expires_at)
            SELECT 'late', session_id, created_at, expires_at FROM sessions WHERE device = 'late'";
        assert_eq!(world.execute(entry).await, 1);
        elsewhere.refuses_soon(&late.token).await;
        let gone = async || (world.me(&late.token).await.status == 401).then_some(());
        eventually("auth's own verifier hears it too", gone).await;
    }

    async fn a_process_that_hears_nothing_refuses_staff_and_admins_and_nobody_else(place: &Place) {
        let world = World::start(place, &ADMIN).await;
        let (root, ada, bob) = (world.begin_again("root").await, world.begin("ada").await, world.begin("bob").await);
        let grace = world.begin("grace").await;
        world.patch_account(&root, &grace.user_id, json!({ "roles": ["staff"] })).await.expect(200);
        let grace = world.assert_lives_with(&grace, &["customer", "staff"]).await;
        let gone = world.begin_again("bob").await;
        let line = Line::to(&world, Line::OPEN);
        let elsewhere = Elsewhere::following(place.process(), line.client(), &[]).await;
        elsewhere.process.ready().await;
        elsewhere.admin(&root.token).await.expect(200);
        log_out(&world, &gone).await;
        elsewhere.refuses_soon(&gone.token).await;
        line.set(0);
        line.has_refused().await;
        log_out(&world, &bob).await;
        world.advance(Duration::from_secs(59));
        elsewhere.admin(&root.token).await.expect(200);
        elsewhere.staff(&grace.token).await.expect(200);
        world.advance(Duration::from_secs(2));
        assert!(matches!(elsewhere.verifier.revocations().health(), FeedHealth::Stale(_)));
        elsewhere.admin(&root.token).await.refused(503, "Auth service unavailable");
        elsewhere.staff(&grace.token).await.refused(503, "Auth service unavailable");
        elsewhere.staff(&root.token).await.refused(503, "Auth service unavailable");
        elsewhere.user(&root.token).await.expect(200);
        elsewhere.user(&grace.token).await.expect(200);
        // What was heard before the silence stays true.
        elsewhere.user(&gone.token).await.refused(401, "Invalid or expired token");
        elsewhere.staff(&gone.token).await.refused(401, "Invalid or expired token");
        elsewhere.user(&ada.token).await.expect(200);
        elsewhere.user(&bob.token).await.expect(200);
        // Whoever may do nothing here anyway hears no more than that.
        elsewhere.admin(&ada.token).await.refused(503, "Auth service unavailable");
        assert!(elsewhere.process.readiness.report().await.ready);

        line.set(Line::OPEN);
        let open = async || (elsewhere.admin(&root.token).await.status == 200).then_some(());
        eventually("admins are heard again", open).await;
        elsewhere.staff(&grace.token).await.expect(200);
        elsewhere.user(&bob.token).await.refused(401, "Invalid or expired token");
        elsewhere.user(&ada.token).await.expect(200);
    }

    async fn auth_itself_refuses_admins_while_it_cannot_read_the_feed(place: &Place) {
        let world = World::start(place, &ADMIN).await;
        let (root, ada) = (world.begin_again("root").await, world.begin("ada").await);
        world.execute("ALTER TABLE revocations RENAME TO revocations_away").await;
        world.advance(Duration::from_secs(59));
        world.of(&root).get("/admin/accounts").await.expect(200);
        world.advance(Duration::from_secs(2));
        world.of(&root).get("/admin/accounts").await.refused(503, "Auth service unavailable");
        // Nor does it vouch for them to others, who would let them in.
        let key = world.process.internal_keys().to_send();
        let internal = world.process.client(world.process.serve(world.internal.clone()).await);
        let internal = internal.with("x-internal-key", key.to_str().unwrap());
        let introspect = async |token: &str| {
            let (form, token) = ("application/x-www-form-urlencoded", Bytes::from(format!("token={token}")));
            internal.send_raw(Method::POST, "/oauth/introspect", Some(form), token).await
        };
        world.validate(&root.token).await.refused(503, "Auth service unavailable");
        introspect(&root.token).await.refused(503, "Auth service unavailable");
        world.validate(&ada.token).await.expect(200);
        assert_eq!(introspect(&ada.token).await.expect(200)["active"], true);
        let ada = world.assert_lives(&ada).await;
        // What could not be told to others is not done.
        world.of(&ada).post("/logout", &json!({})).await.expect(500);
        world.execute("ALTER TABLE revocations_away RENAME TO revocations").await;
        let open = async || (world.of(&root).get("/admin/accounts").await.status == 200).then_some(());
        eventually("admins are heard again", open).await;
        let ada = world.assert_lives(&ada).await;
        log_out(&world, &ada).await;
        world.assert_dead(&ada).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_answer_every_token_waits() {
    at(TestTarget::sqlite(), async |place: &Place| {
        let world = World::start(place, &[&ADMIN[..], &[("auth.algorithm", "RS256")]].concat()).await;
        let root = world.begin_again("root").await;
        let line = Line::to(&world, 0);
        let elsewhere = Elsewhere::following(place.process(), line.client(), &[]).await;
        elsewhere.assert_knows_nothing(&root.token).await;
        // Keys alone are not enough.
        let file = public_keys(place);
        let keys = [("token.public_key_file", file.as_str())];
        let keyed = Elsewhere::following(place.process(), line.client(), &keys).await;
        keyed.assert_knows_nothing(&root.token).await;
        line.set(Line::OPEN);
        for elsewhere in [elsewhere, keyed] {
            elsewhere.process.ready().await;
            elsewhere.user(&root.token).await.expect(200);
            elsewhere.admin(&root.token).await.expect(200);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_follows_no_feed_needs_no_auth_and_knows_of_no_revocation() {
    at(TestTarget::sqlite(), async |place: &Place| {
        let world = World::start(place, &[&ADMIN[..], &[("auth.algorithm", "RS256")]].concat()).await;
        let (root, ada) = (world.begin_again("root").await, world.begin("ada").await);
        let file = public_keys(place);
        let settings = [
            ("token.public_key_file", file.as_str()),
            ("token.revocation", "off"),
        ];
        let alone = Elsewhere::following(place.process(), AuthClient::local(NoAuth), &settings).await;
        let off = [("token.revocation", "off")];
        let asking = Elsewhere::following(place.process(), world.auth.clone(), &off).await;
        for elsewhere in [&alone, &asking] {
            elsewhere.process.ready().await;
            elsewhere.user(&ada.token).await.expect(200);
        }
        log_out(&world, &ada).await;
        let following = Elsewhere::start(place, &world).await;
        following.refuses_soon(&ada.token).await;
        world.stop().await;
        place.advance(Duration::from_hours(1));
        for elsewhere in [&alone, &asking] {
            elsewhere.user(&ada.token).await.expect(200);
            elsewhere.admin(&root.token).await.expect(200);
        }
        place.advance(Duration::from_hours(24));
        for elsewhere in [&alone, &asking] {
            elsewhere
                .user(&ada.token)
                .await
                .refused(401, "Invalid or expired token");
        }
    })
    .await;
}

/// The public half of auth's key, in a file.
fn public_keys(place: &Place) -> String {
    let (private, public) = (
        place.data().join("keys/signing.pem"),
        place.data().join("public.pem"),
    );
    let mut openssl = Command::new("openssl");
    openssl
        .args(["pkey", "-pubout", "-in"])
        .arg(private)
        .arg("-out")
        .arg(&public);
    assert!(openssl.output().unwrap().status.success());
    public.to_str().unwrap().to_owned()
}
