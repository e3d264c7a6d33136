//! A group is stopped, and perhaps started again, while its process goes on.

use std::sync::Arc;
use std::time::Duration;

use kit_bus::{BusError, Delivery, GroupHandle, Inbox};
use kit_bus_testing::{Counted, GROUP, Process, assert_in_order, both_fixtures, note, settings};
use kit_db::{Dialect, Reader, sql};
use tokio::sync::Semaphore;

use crate::BusFixture;
use crate::broadcasting::listen;

/// Handlers that wait until they may go on.
struct Gate {
    arrived: Arc<Semaphore>,
    may_go: Arc<Semaphore>,
}

impl Gate {
    fn start(process: &Process, fixture: &BusFixture) -> (Self, GroupHandle) {
        let gate = Self {
            arrived: Arc::new(Semaphore::new(0)),
            may_go: Arc::new(Semaphore::new(0)),
        };
        let (arrived, may_go, moved) = (gate.arrived.clone(), gate.may_go.clone(), fixture.moved.clone());
        let group = process.listen(move |delivery: Delivery<Counted>, inbox: Inbox| {
            let (arrived, may_go, moved) = (arrived.clone(), may_go.clone(), moved.clone());
            async move {
                arrived.add_permits(1);
                may_go.acquire().await?.forget();
                let noted = note(delivery.payload, inbox).await;
                moved.notify_one();
                noted
            }
        });
        (gate, group)
    }
}

/// How many leases somebody has.
async fn held(process: &Process) -> usize {
    let held = process.db.read(async |reader: &mut Reader| {
        sql("SELECT name FROM leases WHERE holder <> ''")
            .all(reader)
            .await
    });
    held.await.unwrap().len()
}

both_fixtures! {
    async fn a_group_that_is_stopped_finishes_the_event_at_hand_and_begins_no_other(fixture: &BusFixture) {
        let process = fixture.process().await;
        let (gate, group) = Gate::start(&process, fixture);
        for _ in 0..5 {
            fixture.count("a").await;
        }
        gate.arrived.acquire().await.unwrap().forget();
        let mut stopping = Box::pin(group.stop());
        assert!(futures::poll!(&mut stopping).is_pending(), "an event is at hand");
        gate.may_go.add_permits(5);
        stopping.await;
        assert_eq!(fixture.effects(&process).await, [("a".to_owned(), 1)]);
        assert_eq!(gate.arrived.available_permits(), 0);
        assert_eq!(held(&process).await, 0, "the leases are given back");
        process.crash().await;
    }

    async fn a_group_that_was_stopped_can_be_started_again_in_its_process(fixture: &BusFixture) {
        let process = fixture.process().await;
        let heard = listen(&process, fixture);
        fixture.until("connected", async || heard.all() == [0]).await;
        let mut group = process.keep_ledger(fixture);
        for round in 1..=3 {
            fixture.count_all(40, 7).await;
            fixture.until_effects(&process, round * 40).await;
            let again = process.bus.group(GROUP).on::<Counted>(async |_: Delivery<Counted>, _: Inbox| Ok(()));
            assert_eq!(again.start().unwrap_err(), BusError::StartedTwice { name: GROUP.into() });
            group.stop().await;
            group = process.keep_ledger(fixture);
        }
        group.stop().await;
        fixture.count_all(40, 7).await;
        // Whoever else listens in the process hears on.
        fixture.until("all are heard", async || heard.all().len() == 161).await;
        assert_eq!(fixture.effects(&process).await.len(), 120);
        process.keep_ledger(fixture);
        assert_in_order(&fixture.until_effects(&process, 160).await);
        fixture.until_passed(&process).await;
        process.crash().await;
    }

    async fn a_group_that_was_removed_leaves_nothing_and_begins_from_the_beginning(fixture: &BusFixture) {
        let process = fixture.process().await;
        let group = process.keep_ledger(fixture);
        fixture.count_all(40, 7).await;
        fixture.until_effects(&process, 40).await;
        group.stop().await;
        let admin = process.bus.admin();
        assert!(admin.consumers().await.unwrap().contains(GROUP));
        admin.remove(GROUP).await.unwrap();
        assert!(admin.consumers().await.unwrap().is_empty());
        admin.remove(GROUP).await.unwrap();
        fixture.count_all(40, 7).await;
        process.keep_ledger(fixture);
        let effects = fixture.until_effects(&process, 120).await;
        assert_in_order(&effects[40..]);
        process.crash().await;
    }

    async fn a_group_whose_handle_is_dropped_goes_on(fixture: &BusFixture) {
        let process = fixture.process().await;
        drop(process.keep_ledger(fixture));
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        process.crash().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_goes_on_with_what_a_stopped_group_gave_back() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let mut patient = settings();
    // Whoever waits for its end waits in vain.
    patient.lease = Duration::from_hours(1);
    let start = async || {
        fixture
            .process_with(patient.clone(), Duration::from_secs(1))
            .await
    };
    let (one, other) = (start().await, start().await);
    let group = one.keep_ledger(&fixture);
    fixture.count_all(40, 7).await;
    fixture.until_effects(&one, 40).await;
    group.stop().await;
    fixture.count_all(40, 7).await;
    other.keep_ledger(&fixture);
    assert_in_order(&fixture.until_effects(&other, 80).await);
    one.crash().await;
    other.crash().await;
    fixture.remove().await;
}
