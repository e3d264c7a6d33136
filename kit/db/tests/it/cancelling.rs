//! Callers that go away.

use kit_db::{Db, Dialect, Reader, StoreError, Tx, sql};
use kit_testing::both_databases;
use kit_testing::db::{TestDb, connect, postgres_url};

use crate::shop::{MIGRATIONS, gate, ids, insert, save, spawn_gated};

/// PostgreSQL's sessions that sit in an open transaction which wrote to this test's tables.
async fn open_transactions(test: &TestDb) -> i64 {
    let kit_db::DbTarget::Postgres { schema, .. } = test.target() else {
        return 0;
    };
    let mut server = connect(&postgres_url()).await;
    sqlx::query_scalar(
        "SELECT count(DISTINCT a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid \
         JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND a.state LIKE 'idle in transaction%'",
    )
    .bind(schema)
    .fetch_one(&mut server)
    .await
    .unwrap()
}

both_databases! {
    migrations = MIGRATIONS;

    async fn a_unit_whose_caller_leaves_in_the_middle_is_finished(db: &TestDb) {
        let (gate, mut keeper) = gate();
        let caller = spawn_gated(db, &gate, ["a", "b"]);
        keeper.arrival().await;
        if db.dialect() == Dialect::Postgres {
            assert_eq!(open_transactions(db).await, 1, "the unit is in its transaction");
        }
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        keeper.open();
        // The rows come together or not at all.
        while ids(db).await.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(ids(db).await, ["a", "b"]);
        save(db, "c").await.unwrap();
        assert_eq!(open_transactions(db).await, 0);
    }

    async fn a_unit_whose_caller_left_before_it_began_is_skipped(db: &TestDb) {
        let (gate, mut keeper) = gate();
        let mut running = Vec::new();
        // As many as PostgreSQL has connections for writing.
        for ids in [["a", "b"], ["c", "d"], ["e", "f"]] {
            running.push(spawn_gated(db, &gate, ids));
        }
        let begun = if db.dialect() == Dialect::Postgres { 3 } else { 1 };
        for _ in 0..begun {
            keeper.arrival().await;
        }
        let (never, mut nobody) = crate::shop::gate();
        {
            let queued = db.write(async move |tx: &mut Tx| {
                never.pass().await;
                insert(tx, "x").await
            });
            tokio::pin!(queued);
            assert!(futures::poll!(queued.as_mut()).is_pending());
        }
        let last = spawn_gated(db, &gate, ["g", "h"]);
        keeper.open();
        for one in running {
            one.await.unwrap().unwrap();
        }
        last.await.unwrap().unwrap();
        assert!(nobody.nobody_came());
        assert_eq!(ids(db).await, ["a", "b", "c", "d", "e", "f", "g", "h"]);
    }

    async fn a_reader_whose_caller_leaves_is_not_used_again(db: &TestDb) {
        let (gate, mut keeper) = gate();
        for _ in 0..5 {
            let (reading, gate) = (Db::clone(db), gate.clone());
            let caller = crate::shop::spawn(async move {
                reading
                    .read(async move |reader: &mut Reader| {
                        sql("SELECT id FROM accounts").all(reader).await?;
                        gate.pass().await;
                        Ok(())
                    })
                    .await
            });
            keeper.arrival().await;
            caller.abort();
            assert!(caller.await.unwrap_err().is_cancelled());
        }
        assert!(ids(db).await.is_empty(), "a connection is free again");
    }

    async fn callers_that_leave_at_any_moment_leave_nothing_half_done(db: &TestDb) {
        for round in 0..200_u32 {
            let (left, right) = (format!("l{round:03}"), format!("r{round:03}"));
            let unit = db.write(async move |tx: &mut Tx| {
                insert(tx, &left).await?;
                insert(tx, &right).await?;
                Ok::<_, StoreError>(())
            });
            tokio::pin!(unit);
            // Polled so often, then dropped.
            for _ in 0..round % 20 {
                let polled = futures::poll!(unit.as_mut());
                if polled.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        save(db, "z").await.unwrap();
        // Units that had begun are still being finished, on connections of their own.
        while open_transactions(db).await > 0 {
            tokio::task::yield_now().await;
        }
        let ids = ids(db).await;
        for left in ids.iter().filter(|id| id.starts_with('l')) {
            assert!(ids.contains(&left.replace('l', "r")), "{left} is half a write");
        }
    }
}
