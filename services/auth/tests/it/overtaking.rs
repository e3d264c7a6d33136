//! Refreshes that race with everything that ends sessions or tokens: whatever came first, afterwards nothing
//! lives that should be dead. Round after round, because only chance decides who is first.

use futures::future::{join, join_all};
use http::StatusCode;
use kit_testing::{Reply, on_both_databases};
use serde_json::json;

use crate::app::{AuthApp, PASSWORD, part};
use crate::elsewhere::Elsewhere;
use crate::held::{ADMIN, Held};

const ROUNDS: usize = 16;
/// More than fit before the end comes.
const REFRESHES: usize = 12;

/// Refreshes on and on, until refused; everything that was handed out.
async fn refresh_on(app: &AuthApp, begun: &Held) -> Vec<Held> {
    let mut held = vec![begun.clone()];
    for _ in 0..REFRESHES {
        let reply = app.refresh(&held.last().unwrap().refresh).await;
        if reply.status != StatusCode::OK {
            reply.expect_error(401, "Invalid refresh token");
            break;
        }
        held.push(Held::of(&reply.json()));
    }
    held
}

/// Who races: a session that refreshes, and another one of the same user.
struct Race {
    number: usize,
    runner: Held,
    other: Held,
}

/// Runs the rounds side by side; each with what its runner held at the end.
async fn race(app: &AuthApp, ending: impl AsyncFn(&Race) -> Reply) -> Vec<(Race, Vec<Held>)> {
    let mut races = Vec::new();
    for number in 0..ROUNDS {
        let name = format!("racer-{number}");
        let (runner, other) = (app.begin(&name).await, app.begin_again(&name).await);
        races.push(Race {
            number,
            runner,
            other,
        });
    }
    let rounds = races.into_iter().map(async |race| {
        let ends = async {
            // A head start that differs from round to round.
            for _ in 0..race.number % 4 {
                app.me(&race.other.token).await.expect(200);
            }
            ending(&race).await.expect(200)
        };
        let (held, _) = join(refresh_on(app, &race.runner), ends).await;
        (race, held)
    });
    join_all(rounds).await
}

/// Nothing of what was handed out is taken, here or elsewhere.
async fn assert_dead(app: &AuthApp, elsewhere: &Elsewhere, held: &[Held]) {
    for each in held {
        app.assert_dead(each).await;
        elsewhere.refuses_soon(&each.token).await;
    }
}

async fn admin(app: &AuthApp) -> Held {
    app.begin_again("root").await
}

on_both_databases! {
    async fn a_log_out_leaves_nothing_of_its_session(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let log_out = async |race: &Race| app.of(&race.runner).post("/logout", &json!({})).await;
        for (race, held) in race(&app, log_out).await {
            assert_dead(&app, &elsewhere, &held).await;
            app.assert_lives(&race.other).await;
        }
    }

    async fn a_changed_password_leaves_nothing_of_the_other_session(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let change = async |race: &Race| app.change_password(&race.other, PASSWORD, "staple-horse-10").await;
        for (race, held) in race(&app, change).await {
            assert_dead(&app, &elsewhere, &held).await;
            app.assert_lives(&race.other).await;
        }
    }

    async fn a_changed_password_does_not_end_the_session_that_refreshes_beside_it(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let change = async |race: &Race| app.change_password(&race.runner, PASSWORD, "staple-horse-10").await;
        for (race, held) in race(&app, change).await {
            assert_eq!(held.len(), REFRESHES + 1);
            for each in &held {
                app.me(&each.token).await.expect(200);
            }
            app.assert_lives(held.last().unwrap()).await;
            app.assert_dead(&race.other).await;
        }
    }

    async fn a_disabled_account_leaves_nothing_of_any_session(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let (elsewhere, root) = (Elsewhere::start(fixture, &app).await, admin(&app).await);
        let disable = async |race: &Race| {
            app.patch_account(&root, &race.runner.user_id, json!({ "status": "disabled" })).await
        };
        for (race, held) in race(&app, disable).await {
            assert_dead(&app, &elsewhere, &held).await;
            app.assert_dead(&race.other).await;
        }
        app.assert_lives(&root).await;
    }

    async fn an_admin_signs_everybody_out_for_good(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let (elsewhere, root) = (Elsewhere::start(fixture, &app).await, admin(&app).await);
        let sign_out = async |race: &Race| {
            let path = format!("/admin/accounts/{}/sessions", race.runner.user_id);
            app.of(&root).delete(&path).await
        };
        for (race, held) in race(&app, sign_out).await {
            assert_dead(&app, &elsewhere, &held).await;
            app.assert_dead(&race.other).await;
        }
    }

    async fn a_changed_role_leaves_no_token_of_the_old_one(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let (elsewhere, root) = (Elsewhere::start(fixture, &app).await, admin(&app).await);
        let promote = async |race: &Race| {
            app.patch_account(&root, &race.runner.user_id, json!({ "roles": ["staff"] })).await
        };
        let mut refused = 0;
        for (race, held) in race(&app, promote).await {
            assert_eq!(held.len(), REFRESHES + 1, "the session itself goes on");
            for each in &held {
                let roles = &part(&each.token, 1)["roles"];
                if *roles == json!(["customer", "staff"]) {
                    app.me(&each.token).await.expect(200);
                    elsewhere.user(&each.token).await.expect(200);
                } else {
                    assert_eq!(*roles, json!(["customer"]));
                    app.me(&each.token).await.expect_error(401, "Invalid or expired token");
                    elsewhere.refuses_soon(&each.token).await;
                    refused += 1;
                }
            }
            let newest = app.assert_lives_with(held.last().unwrap(), &["customer", "staff"]).await;
            elsewhere.user(&newest.token).await.expect(200);
            app.me(&race.other.token).await.expect_error(401, "Invalid or expired token");
            app.assert_lives_with(&race.other, &["customer", "staff"]).await;
        }
        assert!(refused >= ROUNDS);
    }
}
