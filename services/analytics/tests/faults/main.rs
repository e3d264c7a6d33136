//! Faults injected by name while events are counted and while they are counted anew: whatever goes wrong, and
//! however often, each event counts once. Faults are one set a process, hence a process of their own, and one
//! test at a time.

#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use fail::FailScenario;
use kit_testing::db::TestTarget;
use kit_testing::{Fixture, eventually};
use serde_json::json;

#[path = "../it/app.rs"]
#[expect(dead_code, reason = "the other stories need more of it")]
mod app;

#[path = "../it/shop.rs"]
#[expect(dead_code, reason = "the other stories need more of it")]
mod shop;

use app::{AnalyticsApp, NOON, created, payments, user};
use shop::{Order, Orders};

/// Two passes, something goes wrong, three passes, and so on, until it is over.
const NOW_AND_THEN: &str = "2*off->1*panic->3*off->2*panic->5*off->1*panic->off";

async fn goes_on_after(fault: &str, action: &str) {
    let faults = FailScenario::setup();
    for target in [TestTarget::sqlite(), TestTarget::postgres().await] {
        Fixture::run(target, async |fixture: &Fixture| {
            counts_exactly(fixture, fault, action).await;
        })
        .await;
    }
    faults.teardown();
}

async fn counts_exactly(fixture: &Fixture, fault: &str, action: &str) {
    // Its tables are made, and then events come while it is away.
    AnalyticsApp::start(fixture).await.stop().await;
    let publisher = fixture.process();
    let persons: Vec<_> = (0..20).map(|_| user()).collect();
    let payments = payments(fixture, &publisher).await;
    for _ in 0..10 {
        let events = persons.iter().map(|person| created(*person, "0.25", NOON));
        payments.publish_all(events.collect()).await;
    }
    let orders = Orders::open(fixture, &publisher).await;
    for _ in 0..10 {
        let mut order = Order::new("USD", &[("TEA", 2, 500)]);
        orders
            .publish([order.created(NOON), order.confirmed(NOON), order.paid(NOON)])
            .await;
    }
    fail::cfg(fault, action).unwrap();
    let app = AnalyticsApp::start(fixture).await;
    app.until_stats((200, "50.00", 0, 200, 20)).await;
    app.until_orders(30).await;
    fail::remove(fault);
    brought_in(&app, 10_000).await;

    // Begun by a row, as an operator does; then the same goes wrong again.
    let generation = app.operator().rebuild().await.unwrap();
    fail::cfg(fault, action).unwrap();
    eventually("it is counted anew", async || {
        let known = app.operator().generations().await.unwrap();
        let found = known.iter().find(|known| known.generation == generation)?;
        (found.state.as_str() == "live").then_some(())
    })
    .await;
    fail::remove(fault);
    app.until_stats((200, "50.00", 0, 200, 20)).await;
    brought_in(&app, 10_000).await;
    payments.created(persons[0], "1", NOON).await;
    app.until_stats((201, "51.00", 0, 201, 20)).await;
}

/// Ten orders did, all of them paid.
async fn brought_in(app: &AnalyticsApp, net: i64) {
    let stats = app.staff().get("/stats/orders").await.expect(200);
    let revenue = &stats["revenue"][0];
    assert_eq!(
        (&stats["by_status"]["paid"], &revenue["net"]["amount_minor"]),
        (&json!(10), &json!(net))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_abandoned_before_its_commit_counts_nothing() {
    goes_on_after("db::before-commit", NOW_AND_THEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_writer_goes_away_counts_once() {
    goes_on_after("db::after-commit-before-answer", NOW_AND_THEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_counts_once() {
    let lost = NOW_AND_THEN.replace("panic", "return");
    goes_on_after("db::commit-answer-lost", &lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_without_its_position_is_not_kept() {
    goes_on_after("bus::after-effect-before-position", "2*off->1*panic->off").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_whose_writer_hears_no_answer_counts_once() {
    goes_on_after("bus::after-effect-before-answer", NOW_AND_THEN).await;
}
