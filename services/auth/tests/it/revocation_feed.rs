//! How other processes hear what was revoked, and what they do while they hear nothing.

use std::process::Command;
use std::time::Duration;

use auth_api::{AuthClient, GetRevocations, NoAuth, RevocationNews};
use bytes::Bytes;
use http::Method;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::db::TestTarget;
use kit_testing::{Fixture, eventually, on_both_databases};
use kit_token::FeedHealth;
use serde_json::json;

use crate::app::AuthApp;
use crate::elsewhere::Elsewhere;
use crate::held::{ADMIN, Held};
use crate::line::Line;

impl Elsewhere {
    /// Nobody is let in, and nobody is told that their token is bad.
    async fn assert_knows_nothing(&self, token: &str) {
        assert!(!self.process.readiness.report().await.ready);
        self.user(token)
            .await
            .expect_error(503, "Auth service unavailable");
        self.admin(token)
            .await
            .expect_error(503, "Auth service unavailable");
    }
}

async fn news(app: &AuthApp) -> RevocationNews {
    let call = CallContext::new(
        Actor::Service("tests".into()),
        Deadline::after(Duration::from_secs(10)),
    );
    app.auth()
        .revocations(&call, GetRevocations { after: None })
        .await
        .unwrap()
}

async fn log_out(app: &AuthApp, held: &Held) {
    app.of(held).post("/logout", &json!({})).await.expect(200);
}

/// Entries of sessions that nobody knows, all of one moment: more than two answers hold.
const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
    INSERT INTO revocations (revocation_id, session_id, at, expires_at)
    SELECT 'many-' || CAST(100000000000 + i AS TEXT), 'ses_00000000-0000-0000-0000-' || CAST(100000000000 + i AS TEXT),
        created_at, expires_at FROM n, sessions WHERE device = 'first'";

on_both_databases! {
    async fn the_first_answer_tells_everything_that_still_matters(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let root = app.begin_again("root").await;
        let (ada, grace, alive) = (app.begin("ada").await, app.begin("grace").await, app.begin("linus").await);
        log_out(&app, &ada).await;
        app.patch_account(&root, &grace.user_id, json!({ "roles": ["staff"] })).await.expect(200);
        let elsewhere = Elsewhere::start(fixture, &app).await;
        for dead in [&ada, &grace] {
            elsewhere.user(&dead.token).await.expect_error(401, "Invalid or expired token");
        }
        elsewhere.user(&alive.token).await.expect(200);
        let changes = news(&app).await;
        assert_eq!(changes.sessions, [ada.session_id().parse().unwrap()]);
        assert_eq!(changes.epochs, [(grace.user_id.parse().unwrap(), 1)]);
        assert!(!changes.more);
        // Until the last token has ended that it concerns.
        app.advance(Duration::from_hours(24) + Duration::from_mins(1));
        assert_eq!(news(&app).await.sessions.len(), 1);
        app.advance(Duration::from_mins(1));
        let changes = news(&app).await;
        assert!(changes.sessions.is_empty() && changes.epochs.is_empty());
    }

    async fn there_may_be_more_than_one_answer_holds(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        let first = app.begin_again("ada").await;
        app.execute("UPDATE sessions SET device = 'first'").await;
        assert_eq!(app.execute(MANY).await, 12_000);
        app.advance(Duration::from_secs(1));
        log_out(&app, &first).await;
        let alive = app.begin_again("ada").await;
        assert!(news(&app).await.more);

        // Two answers of three: half a snapshot is none.
        let line = Line::to(app.auth(), 2);
        let elsewhere = Elsewhere::following(fixture.process(), &line, &[]).await;
        line.has_refused().await;
        for held in [&first, &alive] {
            elsewhere.assert_knows_nothing(&held.token).await;
        }
        line.set(Line::OPEN);
        elsewhere.process.ready().await;
        elsewhere.user(&first.token).await.expect_error(401, "Invalid or expired token");
        elsewhere.user(&alive.token).await.expect(200);
    }

    async fn what_is_committed_late_is_heard_all_the_same(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let late = app.begin("ada").await;
        app.execute("UPDATE sessions SET device = 'late'").await;
        app.advance(Duration::from_secs(50));
        let other = app.begin("grace").await;
        log_out(&app, &other).await;
        elsewhere.refuses_soon(&other.token).await;
        elsewhere.user(&late.token).await.expect(200);
        // Its time was taken before the other's, and its transaction ended after it was read.
        let entry = "INSERT INTO revocations (revocation_id, session_id, at, expires_at)
            SELECT 'late', session_id, created_at, expires_at FROM sessions WHERE device = 'late'";
        assert_eq!(app.execute(entry).await, 1);
        elsewhere.refuses_soon(&late.token).await;
        let gone = async || (app.me(&late.token).await.status == 401).then_some(());
        eventually("auth's own verifier hears it too", gone).await;
    }

    async fn a_process_that_hears_nothing_refuses_staff_and_admins_and_nobody_else(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let (root, ada, bob) = (app.begin_again("root").await, app.begin("ada").await, app.begin("bob").await);
        let grace = app.begin("grace").await;
        app.patch_account(&root, &grace.user_id, json!({ "roles": ["staff"] })).await.expect(200);
        let grace = app.assert_lives_with(&grace, &["customer", "staff"]).await;
        let gone = app.begin_again("bob").await;
        let line = Line::to(app.auth(), Line::OPEN);
        let elsewhere = Elsewhere::following(fixture.process(), &line, &[]).await;
        elsewhere.process.ready().await;
        elsewhere.admin(&root.token).await.expect(200);
        log_out(&app, &gone).await;
        elsewhere.refuses_soon(&gone.token).await;
        line.set(0);
        line.has_refused().await;
        log_out(&app, &bob).await;
        app.advance(Duration::from_secs(59));
        elsewhere.admin(&root.token).await.expect(200);
        elsewhere.staff(&grace.token).await.expect(200);
        app.advance(Duration::from_secs(2));
        assert!(matches!(elsewhere.verifier.revocations().health(), FeedHealth::Stale(_)));
        elsewhere.admin(&root.token).await.expect_error(503, "Auth service unavailable");
        elsewhere.staff(&grace.token).await.expect_error(503, "Auth service unavailable");
        elsewhere.staff(&root.token).await.expect_error(503, "Auth service unavailable");
        elsewhere.user(&root.token).await.expect(200);
        elsewhere.user(&grace.token).await.expect(200);
        // What was heard before the silence stays true.
        elsewhere.user(&gone.token).await.expect_error(401, "Invalid or expired token");
        elsewhere.staff(&gone.token).await.expect_error(401, "Invalid or expired token");
        elsewhere.user(&ada.token).await.expect(200);
        elsewhere.user(&bob.token).await.expect(200);
        // Whoever may do nothing here anyway hears no more than that.
        elsewhere.admin(&ada.token).await.expect_error(503, "Auth service unavailable");
        assert!(elsewhere.process.readiness.report().await.ready);

        line.set(Line::OPEN);
        let open = async || (elsewhere.admin(&root.token).await.status == 200).then_some(());
        eventually("admins are heard again", open).await;
        elsewhere.staff(&grace.token).await.expect(200);
        elsewhere.user(&bob.token).await.expect_error(401, "Invalid or expired token");
        elsewhere.user(&ada.token).await.expect(200);
    }

    async fn auth_itself_refuses_admins_while_it_cannot_read_the_feed(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let (root, ada) = (app.begin_again("root").await, app.begin("ada").await);
        app.execute("ALTER TABLE revocations RENAME TO revocations_away").await;
        app.advance(Duration::from_secs(59));
        app.of(&root).get("/admin/accounts").await.expect(200);
        app.advance(Duration::from_secs(2));
        app.of(&root).get("/admin/accounts").await.expect_error(503, "Auth service unavailable");
        // Nor does it vouch for them to others, who would let them in.
        let key = app.process.internal_keys().to_send();
        let internal = app.process.client(app.process.serve(app.internal.clone()).await);
        let internal = internal.with("x-internal-key", key.to_str().unwrap());
        let introspect = async |token: &str| {
            let (form, token) = ("application/x-www-form-urlencoded", Bytes::from(format!("token={token}")));
            internal.send_raw(Method::POST, "/oauth/introspect", Some(form), token).await
        };
        app.validate(&root.token).await.expect_error(503, "Auth service unavailable");
        introspect(&root.token).await.expect_error(503, "Auth service unavailable");
        app.validate(&ada.token).await.expect(200);
        assert_eq!(introspect(&ada.token).await.expect(200)["active"], true);
        let ada = app.assert_lives(&ada).await;
        // What could not be told to others is not done.
        app.of(&ada).post("/logout", &json!({})).await.expect(500);
        app.execute("ALTER TABLE revocations_away RENAME TO revocations").await;
        let open = async || (app.of(&root).get("/admin/accounts").await.status == 200).then_some(());
        eventually("admins are heard again", open).await;
        let ada = app.assert_lives(&ada).await;
        log_out(&app, &ada).await;
        app.assert_dead(&ada).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_answer_every_token_waits() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[&ADMIN[..], &[("auth.algorithm", "RS256")]].concat()).await;
        let root = app.begin_again("root").await;
        let line = Line::to(app.auth(), 0);
        let elsewhere = Elsewhere::following(fixture.process(), &line, &[]).await;
        elsewhere.assert_knows_nothing(&root.token).await;
        // Keys alone are not enough.
        let file = public_keys(fixture);
        let keys = [("token.public_key_file", file.as_str())];
        let keyed = Elsewhere::following(fixture.process(), &line, &keys).await;
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
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[&ADMIN[..], &[("auth.algorithm", "RS256")]].concat()).await;
        let (root, ada) = (app.begin_again("root").await, app.begin("ada").await);
        let file = public_keys(fixture);
        let settings = [
            ("token.public_key_file", file.as_str()),
            ("token.revocation", "off"),
        ];
        let nobody = Line::to(AuthClient::local(NoAuth), Line::OPEN);
        let open = Line::to(app.auth(), Line::OPEN);
        let alone = Elsewhere::following(fixture.process(), &nobody, &settings).await;
        let off = [("token.revocation", "off")];
        let asking = Elsewhere::following(fixture.process(), &open, &off).await;
        for elsewhere in [&alone, &asking] {
            elsewhere.process.ready().await;
            elsewhere.user(&ada.token).await.expect(200);
        }
        log_out(&app, &ada).await;
        let following = Elsewhere::start(fixture, &app).await;
        following.refuses_soon(&ada.token).await;
        app.stop().await;
        fixture.advance(Duration::from_hours(1));
        for elsewhere in [&alone, &asking] {
            elsewhere.user(&ada.token).await.expect(200);
            elsewhere.admin(&root.token).await.expect(200);
        }
        fixture.advance(Duration::from_hours(24));
        for elsewhere in [&alone, &asking] {
            elsewhere
                .user(&ada.token)
                .await
                .expect_error(401, "Invalid or expired token");
        }
    })
    .await;
}

/// The public half of auth's key, in a file.
fn public_keys(fixture: &Fixture) -> String {
    let (private, public) = (
        fixture.data().join("keys/signing.pem"),
        fixture.data().join("public.pem"),
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
