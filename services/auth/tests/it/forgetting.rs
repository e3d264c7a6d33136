//! What auth forgets by itself.

use std::time::Duration;

use kit_testing::{Fixture, eventually, on_both_databases};
use serde_json::json;

use crate::app::AuthApp;
use crate::held::Held;

const DAY: Duration = Duration::from_hours(24);
const MOMENT: Duration = Duration::from_micros(1);
const SETTINGS: [(&str, &str); 1] = [("auth.refresh_expiry", "10d")];
const SESSIONS: &str = "SELECT session_id FROM sessions ORDER BY session_id";
const REVOKED: &str = "SELECT revocation_id FROM revocations";

/// Sessions that ended long ago, more than are forgotten at once.
const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)
    INSERT INTO sessions (session_id, user_id, device, ip, created_at, last_used_at, expires_at)
    SELECT 'ses_00000000-0000-0000-0000-' || CAST(100000000000 + i AS TEXT), user_id, '', '', 0, 0, 1 FROM n, accounts";

/// A revocation that means nothing any more. It is forgotten last.
const SIGN: &str = "INSERT INTO revocations (revocation_id, session_id, at, expires_at)
    VALUES ('sign', 'ses_00000000-0000-0000-0000-000000000000', 0, 1)";

/// Starts the process anew, and returns once it has looked for what to forget.
async fn after_upkeep(fixture: &Fixture, app: AuthApp) -> AuthApp {
    app.execute(SIGN).await;
    app.stop().await;
    let app = AuthApp::start(fixture, &SETTINGS).await;
    let looked = async || {
        let signs = app.texts(REVOKED).await;
        (!signs.contains(&"sign".to_owned())).then_some(())
    };
    eventually("auth looks for what to forget", looked).await;
    app
}

fn ids(held: &[&Held]) -> Vec<String> {
    let mut ids: Vec<_> = held.iter().map(|held| held.session_id()).collect();
    ids.sort();
    ids
}

on_both_databases! {
    async fn a_session_is_forgotten_as_long_after_its_end_as_an_unused_one_lives(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &SETTINGS).await;
        let ended = app.begin("ada").await;
        let (unused, used) = (app.begin_again("ada").await, app.begin_again("ada").await);
        app.of(&ended).post("/logout", &json!({})).await.expect(200);
        app.advance((DAY * 10).checked_sub(MOMENT).unwrap());
        let used = app.go_on(&used).await;
        let app = after_upkeep(fixture, app).await;
        assert_eq!(app.texts(SESSIONS).await, ids(&[&ended, &unused, &used]));
        app.advance(MOMENT);
        let app = after_upkeep(fixture, app).await;
        assert_eq!(app.texts(SESSIONS).await, ids(&[&unused, &used]));
        let used = app.go_on(&used).await;
        app.advance((DAY * 10).checked_sub(MOMENT).unwrap());
        let app = after_upkeep(fixture, app).await;
        assert_eq!(app.texts(SESSIONS).await, ids(&[&unused, &used]), "it ended by itself ten days ago");
        let used = app.go_on(&used).await;
        app.advance(MOMENT);
        let app = after_upkeep(fixture, app).await;
        assert_eq!(app.texts(SESSIONS).await, ids(&[&used]));
        for held in [&ended, &unused] {
            app.refresh(&held.refresh).await.expect_error(401, "Invalid refresh token");
        }
        app.assert_lives(&used).await;
    }

    async fn a_session_is_remembered_while_a_token_of_it_may_live(fixture: &Fixture) {
        // Sessions that are over long before their tokens are.
        let short = [("auth.refresh_expiry", "1m"), ("token.expiry", "24h")];
        let app = AuthApp::start(fixture, &short).await;
        let unused = app.begin("ada").await;
        app.advance(DAY);
        app.execute(SIGN).await;
        app.stop().await;
        let app = AuthApp::start(fixture, &short).await;
        let looked = async || (app.count(REVOKED).await == 0).then_some(());
        eventually("auth looks for what to forget", looked).await;
        assert_eq!(app.texts(SESSIONS).await, ids(&[&unused]));
        // Its clock may be behind ours: the token is taken for a while yet, and must be there to be revoked.
        app.of(&unused).post("/logout", &json!({})).await.expect(200);
        app.assert_dead(&unused).await;
    }

    async fn revocations_are_forgotten_when_no_token_can_meet_them(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &SETTINGS).await;
        let (early, late) = (app.begin("ada").await, app.begin_again("ada").await);
        app.of(&early).post("/logout", &json!({})).await.expect(200);
        app.advance(MOMENT);
        app.of(&late).post("/logout", &json!({})).await.expect(200);
        app.advance((DAY + Duration::from_mins(2)).checked_sub(MOMENT).unwrap());
        let app = after_upkeep(fixture, app).await;
        let left = app.texts("SELECT session_id FROM revocations").await;
        assert_eq!(left, [late.session_id()]);
    }

    async fn many_are_forgotten_in_parts(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &SETTINGS).await;
        let alive = app.begin("ada").await;
        assert_eq!(app.execute(MANY).await, 1300);
        let app = after_upkeep(fixture, app).await;
        assert_eq!(app.texts(SESSIONS).await, ids(&[&alive]));
    }
}
