//! Processes of one group share its partitions, on PostgreSQL.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kit_bus::{ApplyError, BusError, Delivery, Inbox};
use kit_bus_testing::{Counted, GROUP, Process, assert_in_order, both_fixtures, insert_effect, settings};
use kit_db::{Dialect, Reader, StoreError, Tx, sql};
use tokio::sync::{Notify, mpsc};

use crate::BusFixture;

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

async fn count_and_wait(fixture: &BusFixture, process: &Process, so_far: usize) -> usize {
    fixture.count_each(60, 11).await;
    assert_in_order(&fixture.until_effects(process, so_far + 60).await);
    so_far + 60
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_come_and_go_and_share_the_partitions() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let mut quick = settings();
    quick.lease = Duration::from_secs(1);
    let start = async || {
        let process = fixture.process_with(quick.clone(), Duration::from_secs(1)).await;
        process.keep_ledger(&fixture);
        process
    };
    let one = start().await;
    fixture
        .until("one owns all", async || shares(&one).await == [16])
        .await;
    let done = count_and_wait(&fixture, &one, 0).await;
    let other = start().await;
    fixture
        .until("each owns half", async || shares(&one).await == [8, 8])
        .await;
    let done = count_and_wait(&fixture, &one, done).await;
    let third = start().await;
    fixture
        .until("each owns its share", async || {
            let mut shares = shares(&one).await;
            shares.sort_unstable();
            shares.len() == 3 && shares.iter().sum::<usize>() == 16 && shares[2] <= 6
        })
        .await;
    let done = count_and_wait(&fixture, &one, done).await;
    // One leaves in order, and its partitions are free at once.
    third.finish().await;
    fixture
        .until("two share again", async || shares(&one).await == [8, 8])
        .await;
    // One is killed, and its leases have to end.
    other.crash().await;
    let done = count_and_wait(&fixture, &one, done).await;
    fixture
        .until("one owns all again", async || shares(&one).await == [16])
        .await;
    count_and_wait(&fixture, &one, done).await;
    one.crash().await;
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_leaves_gives_everything_back() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let fixture = BusFixture::new(dialect).await;
        // What is not given back is nobody's for an hour.
        let start = async || {
            let mut patient = settings();
            patient.lease = Duration::from_hours(1);
            fixture.process_with(patient, Duration::from_secs(1)).await
        };
        let process = start().await;
        process.keep_ledger(&fixture);
        let done = count_and_wait(&fixture, &process, 0).await;
        process.finish().await;
        let process = start().await;
        assert!(shares(&process).await.is_empty());
        process.keep_ledger(&fixture);
        count_and_wait(&fixture, &process, done).await;
        process.crash().await;
        fixture.remove().await;
    }
}

#[tokio::test]
async fn a_group_is_started_once_and_listens_to_something() {
    let fixture = BusFixture::new(Dialect::Sqlite).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
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
    fixture.remove().await;
}

both_fixtures! {
    async fn a_process_that_lost_its_lease_cannot_commit(fixture: &BusFixture) {
        let process = fixture.process().await;
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
        fixture.count("a").await;
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
        assert!(fixture.effects(&process).await.is_empty());
        assert_eq!(process.bus.admin().lag().await.unwrap()[0].position, 0);
        process.crash().await;
    }
}
