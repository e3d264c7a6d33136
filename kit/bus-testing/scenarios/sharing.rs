//! Processes of one group share its partitions, on PostgreSQL.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kit_bus::{ApplyError, BusError, Delivery, Inbox};
use kit_bus_testing::{Counted, GROUP, Process, assert_in_order, both_worlds, insert_effect, settings};
use kit_db::{Dialect, Reader, StoreError, Tx, sql};
use tokio::sync::{Notify, mpsc};

use crate::World;

/// How many partitions each process owns by the table.
async fn shares(process: &Process) -> Vec<usize> {
    let owned = process.db.read(async |reader: &mut Reader| {
        let rows = sql("SELECT holder FROM leases WHERE name NOT LIKE '%member%' AND holder <> ''")
            .all(reader)
            .await?;
        rows.iter()
            .map(|row| row.get::<String>("holder"))
            .collect::<Result<Vec<_>, StoreError>>()
    });
    let mut shares: BTreeMap<String, usize> = BTreeMap::new();
    for holder in owned.await.unwrap() {
        *shares.entry(holder).or_default() += 1;
    }
    shares.into_values().collect()
}

async fn count_and_wait(world: &World, process: &Process, so_far: usize) -> usize {
    world.count_each(60, 11).await;
    assert_in_order(&world.until_effects(process, so_far + 60).await);
    so_far + 60
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_come_and_go_and_share_the_partitions() {
    let world = World::new(Dialect::Postgres).await;
    let mut quick = settings();
    quick.lease = Duration::from_secs(1);
    let start = async || {
        let process = world.process_with(quick.clone(), Duration::from_secs(1)).await;
        process.keep_ledger(&world);
        process
    };
    let one = start().await;
    world
        .until("one owns all", async || shares(&one).await == [16])
        .await;
    let done = count_and_wait(&world, &one, 0).await;
    let other = start().await;
    world
        .until("each owns half", async || shares(&one).await == [8, 8])
        .await;
    let done = count_and_wait(&world, &one, done).await;
    let third = start().await;
    world
        .until("each owns its share", async || {
            let mut shares = shares(&one).await;
            shares.sort_unstable();
            shares.len() == 3 && shares.iter().sum::<usize>() == 16 && shares[2] <= 6
        })
        .await;
    let done = count_and_wait(&world, &one, done).await;
    // One leaves in order, and its partitions are free at once.
    third.finish().await;
    world
        .until("two share again", async || shares(&one).await == [8, 8])
        .await;
    // One is killed, and its leases have to end.
    other.crash().await;
    let done = count_and_wait(&world, &one, done).await;
    world
        .until("one owns all again", async || shares(&one).await == [16])
        .await;
    count_and_wait(&world, &one, done).await;
    one.crash().await;
    world.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_leaves_gives_everything_back() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = World::new(dialect).await;
        let process = world.process().await;
        process.keep_ledger(&world);
        let done = count_and_wait(&world, &process, 0).await;
        process.finish().await;
        let process = world.process().await;
        assert!(shares(&process).await.is_empty());
        let begun = std::time::Instant::now();
        process.keep_ledger(&world);
        count_and_wait(&world, &process, done).await;
        assert!(begun.elapsed() < settings().lease * 5);
        process.crash().await;
        world.remove().await;
    }
}

#[tokio::test]
async fn a_group_is_started_once_and_listens_to_something() {
    let world = World::new(Dialect::Sqlite).await;
    let process = world.process().await;
    process.keep_ledger(&world);
    let bus = &process.bus;
    let again = bus
        .group(GROUP)
        .on::<Counted>(|_: Delivery<Counted>, _: Inbox| async { Ok(()) });
    assert_eq!(
        again.start().unwrap_err(),
        BusError::StartedTwice { name: GROUP.into() }
    );
    assert_eq!(
        bus.group("silent").start().unwrap_err(),
        BusError::Nothing {
            name: "silent".into()
        }
    );
    process.crash().await;
    world.remove().await;
}

both_worlds! {
    async fn a_process_that_lost_its_lease_cannot_commit(world: &World) {
        let process = world.process().await;
        let (answers, mut answer) = mpsc::unbounded_channel();
        let (arrived, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (at_gate, may_go) = (arrived.clone(), go_on.clone());
        process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let (at_gate, may_go, answers) = (at_gate.clone(), may_go.clone(), answers.clone());
            async move {
                at_gate.notify_one();
                may_go.notified().await;
                let applied = inbox.apply(async move |tx: &mut Tx| insert_effect(tx, &delivery.payload).await);
                let _ = answers.send(applied.await);
                Ok(())
            }
        });
        world.count("a").await;
        arrived.notified().await;
        // Somebody else took everything while the handler was at work.
        let stolen = process.db.write(async |tx: &mut Tx| {
            sql("UPDATE leases SET holder = 'somebody', epoch = epoch + 1, expires_at = 9223372036854775807 \
                 WHERE name NOT LIKE '%member%'")
            .execute(tx)
            .await
        });
        assert_eq!(stolen.await.unwrap(), 16);
        go_on.notify_one();
        let answer = answer.recv().await.unwrap();
        assert!(matches!(answer, Err(ApplyError::Superseded)), "{answer:?}");
        assert!(world.effects(&process).await.is_empty());
        assert_eq!(process.bus.admin().lag().await.unwrap()[0].position, 0);
        process.crash().await;
    }
}
