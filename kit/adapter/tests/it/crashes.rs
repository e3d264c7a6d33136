//! Processes are lost in the middle, and what the adapter needs is away for a while.

use std::time::Duration;

use kit_adapter::{AdapterError, AdapterFault, OperationState};
use kit_testing::{eventually, on_both_databases};

use crate::fixture::{Host, MemoryAdapter, becomes, instance, soon};

/// Longer than anybody keeps others from what was begun.
const A_WHILE: Duration = Duration::from_secs(46);

on_both_databases! {
    async fn what_was_accepted_is_done_by_whoever_is_left(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let lost = Host::open(fixture, &adapter).await;
        let a = instance("a");
        lost.client().provision(&a, soon()).await.expect("it is accepted");
        lost.process.lifecycle.end().await;
        assert_eq!(adapter.done(), Vec::<String>::new());
        let host = Host::start(fixture, &adapter).await;
        becomes(&host.client(), &a, OperationState::Succeeded).await;
        assert_eq!(adapter.done(), ["provision"]);
    }

    async fn what_was_begun_is_begun_again_after_its_process_is_lost(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        adapter.things().waits = true;
        let lost = Host::start(fixture, &adapter).await;
        let a = instance("a");
        lost.client().provision(&a, soon()).await.expect("it is accepted");
        adapter.has_begun().await;
        // The adapter has done it, and nobody has written that down.
        let host = Host::start(fixture, &adapter).await;
        lost.process.lifecycle.end().await;
        adapter.things().waits = false;
        assert_eq!(host.client().last_operation(&a, None, soon()).await, Ok(OperationState::InProgress));
        fixture.advance(A_WHILE);
        becomes(&host.client(), &a, OperationState::Succeeded).await;
        assert_eq!(adapter.done(), ["provision", "provision"]);
        assert_eq!(adapter.things().instances.len(), 1);
    }

    async fn credentials_that_nobody_has_seen_are_made_anew_or_taken_away(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let lost = Host::start(fixture, &adapter).await;
        let a = instance("a");
        lost.provision(&a).await;
        for binding in ["b", "c"] {
            adapter.things().waits = true;
            let client = lost.client();
            let binding_it = client.bind(&a, binding, soon());
            tokio::select! {
                _ = binding_it => panic!("it is answered"),
                () = adapter.has_begun() => {}
            }
            adapter.things().waits = false;
            fixture.advance(A_WHILE);
        }
        lost.process.lifecycle.end().await;
        let host = Host::start(fixture, &adapter).await;
        let made = host.client().bind(&a, "b", soon()).await;
        assert!(made.expect("it is made").is_some());
        assert_eq!(host.client().unbind(&a, "c", soon()).await, Ok(()));
        assert_eq!(adapter.things().instances["a"].0, ["b", "b"]);
    }

    async fn while_the_adapter_is_away_it_is_tried_again(fixture: &Fixture) {
        let adapter = MemoryAdapter::default();
        let away = || AdapterError::Unavailable("nobody is there".to_owned());
        adapter.things().faults = vec![away(), away(), away()];
        let host = Host::start(fixture, &adapter).await;
        let a = instance("a");
        host.client().provision(&a, soon()).await.expect("it is accepted");
        eventually("it is done in the end", async || {
            fixture.advance(Duration::from_secs(1));
            (adapter.done() == ["provision"]).then_some(())
        })
        .await;
        becomes(&host.client(), &a, OperationState::Succeeded).await;
        adapter.things().faults = vec![away()];
        let unknown = host.client().suspend(&a, soon()).await;
        assert!(matches!(unknown, Err(AdapterFault::Unknown(_))), "{unknown:?}");
    }
}
