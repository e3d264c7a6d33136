//! Sign-ins that something overtakes while the password is being checked.

use futures::future::join;
use futures::future::join_all;
use kit_db::{StoreError, Tx, WriteError, sql};
use kit_testing::Reply;
use tokio::sync::oneshot;

use crate::world::{PASSWORD, World, on_both_databases};

const SESSIONS: &str = "SELECT session_id FROM sessions";

/// Runs `change` in a transaction that begins before a sign-in reads the account and commits after the
/// sign-in has found the password right. The sign-in's answer.
async fn overtaken_by(world: &World, change: &'static str) -> Reply {
    let checked = world.bell.next_look();
    let (begun, has_begun) = oneshot::channel();
    // A unit may be run again, hence the `Clone`s.
    let once = std::sync::Arc::new(std::sync::Mutex::new(Some((begun, checked))));
    let unit = async move |tx: &mut Tx| {
        let changed = sql(change).execute(tx).await?;
        let taken = once.lock().unwrap().take();
        let (begun, checked) = taken.unwrap();
        begun.send(()).unwrap();
        checked.await.unwrap();
        Ok::<_, StoreError>(changed)
    };
    let changing = world.db.write(unit);
    let signing_in = async {
        has_begun.await.unwrap();
        world.log_in("ada", PASSWORD).await
    };
    let (changed, reply): (Result<u64, WriteError<StoreError>>, Reply) = join(changing, signing_in).await;
    assert_eq!(changed.unwrap(), 1);
    reply
}

on_both_databases! {
    async fn an_account_disabled_during_the_check_gets_no_session(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        let reply = overtaken_by(&world, "UPDATE accounts SET status = 'disabled'").await;
        reply.refused(401, "Invalid username or password");
        assert_eq!(world.count(SESSIONS).await, 0);
    }

    async fn a_password_changed_during_the_check_is_the_one_that_counts(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        // A hash of `U*U`.
        let change = "UPDATE accounts SET password_hash =
            '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'";
        let reply = overtaken_by(&world, change).await;
        reply.refused(401, "Invalid username or password");
        assert_eq!(world.count(SESSIONS).await, 0);
        world.log_in("ada", PASSWORD).await.expect(401);
        world.log_in("ada", "U*U").await.expect(200);
    }

    async fn a_change_of_something_else_during_the_check_is_no_hindrance(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        let reply = overtaken_by(&world, "UPDATE accounts SET role = 'staff', epoch = 3").await;
        let session = reply.expect(200);
        // The token says what is so now, not what was so when the sign-in began.
        let claims = world.claims(session["token"].as_str().unwrap());
        assert_eq!(claims.epoch, 3);
        assert_eq!(session["roles"], serde_json::json!(["customer", "staff"]));
    }

    async fn a_hash_renewed_by_one_sign_in_hinders_no_other(place: &Place) {
        let world = World::start(place, &[]).await;
        for username in ["ada", "grace"] {
            world.register(username).await;
        }
        // Another hash of the same password, as another sign-in would leave behind.
        let renewal = "UPDATE accounts SET password_hash =
            (SELECT password_hash FROM accounts WHERE username = 'grace') WHERE username = 'ada'";
        overtaken_by(&world, renewal).await.expect(200);
        world.stop().await;
        let world = World::start(place, &[("auth.password.bcrypt_cost", "5"), ("auth.brute_force.enabled", "false")]).await;
        let replies = join_all((0..10).map(|_| world.log_in("ada", PASSWORD))).await;
        for reply in replies {
            reply.expect(200);
        }
        let hash = world.texts("SELECT password_hash FROM accounts WHERE username = 'ada'").await;
        assert!(hash[0].starts_with("$2b$05$"), "{hash:?}");
        assert_eq!(world.count(SESSIONS).await, 11);
    }
}
