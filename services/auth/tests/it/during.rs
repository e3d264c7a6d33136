//! Two at once, in an order that a test can rely on.

use std::sync::{Arc, Mutex};

use futures::future::{Either, join, select};
use kit_db::{Reader, StoreError, Tx, WriteError, sql};
use kit_testing::{Fixture, eventually};
use tokio::sync::oneshot;

use crate::app::AuthApp;

/// Does `action` while another transaction has made `change` and not committed it yet, which it does as soon
/// as the action waits for it. Whatever the action read before that, it read without the change.
///
/// On PostgreSQL the action waits once a session of its own is blocked by the transaction. On SQLite nothing
/// can be written beside it, and the action is about to write when auth looks at the clock.
///
/// # Panics
/// When the action ends without having waited.
pub(crate) async fn during<T>(
    fixture: &Fixture,
    app: &AuthApp,
    change: &'static [&'static str],
    action: impl Future<Output = T>,
) -> T {
    let looked = app.observed_clock.next_look();
    let (begun, has_begun) = oneshot::channel();
    let (commit, may_commit) = oneshot::channel();
    // A unit may be run again, hence the `Clone`.
    let once = Arc::new(Mutex::new(Some((begun, may_commit))));
    let backend = if fixture.is_postgres() {
        "SELECT CAST(pg_backend_pid() AS BIGINT)"
    } else {
        "SELECT 0"
    };
    let changing = app.db.write(async move |tx: &mut Tx| {
        let pid: i64 = sql(backend).one(tx).await?.get(0)?;
        for statement in change {
            assert_eq!(sql(statement).execute(tx).await?, 1, "{statement}");
        }
        let taken = once.lock().unwrap().take();
        let (begun, may_commit) = taken.unwrap();
        begun.send(pid).unwrap();
        // The sender is gone when the action ended too early, and then the test ends too.
        may_commit.await.ok();
        Ok::<_, StoreError>(())
    });
    let acting = async {
        let pid = has_begun.await.unwrap();
        let waits = Box::pin(async {
            if fixture.is_postgres() {
                until_blocked_by(app, pid).await;
            } else {
                looked.await.unwrap();
            }
        });
        match select(waits, Box::pin(action)).await {
            Either::Left(((), action)) => {
                commit.send(()).unwrap();
                action.await
            }
            Either::Right(_) => panic!("it did not wait for the change"),
        }
    };
    let (changed, done): (Result<(), WriteError<StoreError>>, T) = join(changing, acting).await;
    changed.unwrap();
    done
}

async fn until_blocked_by(app: &AuthApp, pid: i64) {
    let blocked = async move |reader: &mut Reader| {
        sql("SELECT CAST(pid AS BIGINT) FROM pg_stat_activity WHERE CAST($1 AS INTEGER) = ANY(pg_blocking_pids(pid))")
            .bind(pid)
            .all(reader)
            .await
    };
    let found = async || {
        let waiting = app.db.read(blocked).await.unwrap();
        (!waiting.is_empty()).then_some(())
    };
    eventually("somebody waits for the change", found).await;
}
