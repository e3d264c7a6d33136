//! The rules of a call, which hold the same in process, through the codec and over HTTP.

use std::sync::Arc;
use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::{Ids, Timestamp};
use kit_testing::pass_time;
use kit_token::{Principal, Role};

use crate::ledger::{
    Act, CALL_LIMIT, Fixture, LedgerError, LedgerRefusal, Scripted, call, each_transport, script,
};

fn principal() -> Arc<Principal> {
    let ids = Ids::seeded(1);
    Arc::new(Principal {
        user_id: ids.uuid().into(),
        username: "Zoë \"the\" second".to_owned(),
        roles: [Role::Customer, Role::Staff].into_iter().collect(),
        session_id: ids.uuid().into(),
        epoch: 3,
        token_id: ids.uuid().into(),
        issued_at: Timestamp::from_micros(1_700_000_000_123_456),
        expires_at: Timestamp::from_seconds(1_700_000_900),
    })
}

/// Lets the time of a call run out once it hangs.
async fn until_its_deadline(service: &Scripted) {
    service.hanging.notified().await;
    pass_time(CALL_LIMIT).await;
}

#[tokio::test]
async fn a_value_comes_back() {
    each_transport(async |ledger: Fixture| {
        let seen = ledger.client.look(&call(), script(&[])).await.unwrap();
        assert_eq!(seen.attempt, 1, "{:?}", ledger.transport);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_comes_back_as_it_was_given() {
    each_transport(async |ledger: Fixture| {
        let refusal = ledger
            .client
            .look(&call(), script(&[Act::Refuse]))
            .await
            .unwrap_err();
        assert_eq!(
            refusal,
            LedgerError::Refused(LedgerRefusal::Overdrawn { missing: 7 }),
            "{:?}",
            ledger.transport
        );
        assert_eq!(ledger.service.attempts(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_internal_and_the_service_lives_on() {
    each_transport(async |ledger: Fixture| {
        let ask = script(&[Act::Panic]);
        let failure = ledger.client.look(&call(), ask.clone()).await.unwrap_err();
        assert_eq!(failure, LedgerError::Internal, "{:?}", ledger.transport);
        assert_eq!(ledger.service.attempts(), 1, "a panic was sent again");
        assert!(ledger.client.look(&call(), ask).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_deadline_that_passed_before_means_surely_not_done() {
    each_transport(async |ledger: Fixture| {
        let late = call().within(Duration::ZERO);
        let failure = ledger.client.change(&late, script(&[])).await.unwrap_err();
        assert_eq!(failure, LedgerError::Unavailable, "{:?}", ledger.transport);
        assert_eq!(ledger.service.attempts(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_deadline_that_passes_underway_means_maybe_done() {
    each_transport(async |ledger: Fixture| {
        let context = call();
        let (answer, ()) = tokio::join!(
            ledger.client.change(&context, script(&[Act::Hang])),
            until_its_deadline(&ledger.service)
        );
        assert_eq!(
            answer.unwrap_err(),
            LedgerError::Unknown,
            "{:?}",
            ledger.transport
        );
        ledger.service.dropped.notified().await;
        assert_eq!(ledger.service.attempts(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_dropped() {
    each_transport(async |ledger: Fixture| {
        let context = call();
        tokio::select! {
            answer = ledger.client.change(&context, script(&[Act::Hang])) => panic!("{answer:?}"),
            () = ledger.service.hanging.notified() => {}
        }
        ledger.service.dropped.notified().await;
    })
    .await;
}

#[tokio::test]
async fn the_context_arrives_whole() {
    each_transport(async |ledger: Fixture| {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let hour = Duration::from_hours(1);
        let context = CallContext::new(Actor::Anonymous, Deadline::after(2 * hour))
            .within(hour)
            .with_trace(trace.parse().ok(), Some("req_1".into()))
            .with_idempotency_key("once");
        let seen = ledger.client.change(&context, script(&[])).await.unwrap();
        assert_eq!(seen.trace.as_deref(), Some(trace), "{:?}", ledger.transport);
        assert_eq!(seen.request_id.as_deref(), Some("req_1"));
        assert_eq!(seen.idempotency_key.as_deref(), Some("once"));
        assert!(seen.remaining <= hour && seen.remaining > hour / 2);
    })
    .await;
}

#[tokio::test]
async fn a_call_without_trace_or_key_arrives_without() {
    each_transport(async |ledger: Fixture| {
        let seen = ledger.client.look(&call(), script(&[])).await.unwrap();
        let absent = (seen.trace, seen.request_id, seen.idempotency_key);
        assert_eq!(absent, (None, None, None), "{:?}", ledger.transport);
    })
    .await;
}

#[tokio::test]
async fn the_actor_arrives_whoever_it_is() {
    each_transport(async |ledger: Fixture| {
        for actor in [
            Actor::Anonymous,
            Actor::User(principal()),
            Actor::Service("orders".into()),
        ] {
            let context = CallContext::new(actor.clone(), Deadline::after(CALL_LIMIT));
            let seen = ledger.client.look(&context, script(&[])).await.unwrap();
            assert_eq!(seen.actor, actor, "{:?}", ledger.transport);
        }
        let context = call().for_service("gateway");
        let seen = ledger.client.look(&context, script(&[])).await.unwrap();
        assert_eq!(seen.actor, Actor::Service("gateway".into()));
    })
    .await;
}

#[tokio::test]
async fn a_query_is_sent_again_until_it_is_answered() {
    each_transport(async |ledger: Fixture| {
        let ask = script(&[Act::Unavailable, Act::Unknown, Act::Answer]);
        let seen = ledger.client.look(&call(), ask).await.unwrap();
        assert_eq!(seen.attempt, 3, "{:?}", ledger.transport);
    })
    .await;
}

#[tokio::test]
async fn a_query_is_sent_three_times_at_most() {
    each_transport(async |ledger: Fixture| {
        let failure = ledger
            .client
            .look(&call(), script(&[Act::Unavailable; 9]))
            .await
            .unwrap_err();
        assert_eq!(failure, LedgerError::Unavailable, "{:?}", ledger.transport);
        assert_eq!(ledger.service.attempts(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_defect_is_not_sent_again() {
    each_transport(async |ledger: Fixture| {
        let failure = ledger
            .client
            .look(&call(), script(&[Act::Internal]))
            .await
            .unwrap_err();
        assert_eq!(failure, LedgerError::Internal, "{:?}", ledger.transport);
        assert_eq!(ledger.service.attempts(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_command_is_sent_once() {
    each_transport(async |ledger: Fixture| {
        let failure = ledger
            .client
            .change(&call(), script(&[Act::Unavailable]))
            .await
            .unwrap_err();
        assert_eq!(failure, LedgerError::Unavailable, "{:?}", ledger.transport);
        assert_eq!(ledger.service.attempts(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_command_with_a_key_is_sent_again() {
    each_transport(async |ledger: Fixture| {
        let ask = script(&[Act::Unknown, Act::Unavailable, Act::Answer]);
        let seen = ledger
            .client
            .change(&call().with_idempotency_key("once"), ask)
            .await
            .unwrap();
        assert_eq!(seen.attempt, 3, "{:?}", ledger.transport);
        assert_eq!(seen.idempotency_key.as_deref(), Some("once"));
    })
    .await;
}

#[tokio::test]
async fn what_an_earlier_attempt_may_have_done_is_not_forgotten() {
    each_transport(async |ledger: Fixture| {
        let ask = script(&[Act::Unknown, Act::Unavailable, Act::Unavailable]);
        let failure = ledger
            .client
            .change(&call().with_idempotency_key("once"), ask)
            .await
            .unwrap_err();
        assert_eq!(failure, LedgerError::Unknown, "{:?}", ledger.transport);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_again_past_the_deadline() {
    each_transport(async |ledger: Fixture| {
        let context = call();
        let (answer, ()) = tokio::join!(
            ledger.client.look(&context, script(&[Act::Hang; 3])),
            until_its_deadline(&ledger.service)
        );
        assert_eq!(
            answer.unwrap_err(),
            LedgerError::Unknown,
            "{:?}",
            ledger.transport
        );
        assert_eq!(ledger.service.attempts(), 1);
    })
    .await;
}
