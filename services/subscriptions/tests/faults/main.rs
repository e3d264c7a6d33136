//! Faults injected by name while subscriptions are bought, paid, provisioned, given up and ended: whatever goes wrong
//! between any two steps, and however often, payments, the adapter and subscriptions agree in the end. Faults are one set a
//! process, hence a process of their own, and one test at a time.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use fail::FailScenario;
use kit_testing::db::TestTarget;
use kit_testing::{Fixture, eventually};

#[path = "../it/app.rs"]
#[expect(dead_code, reason = "the other stories need more of it")]
mod app;
#[path = "../it/books.rs"]
mod books;
#[path = "../it/broker.rs"]
#[expect(dead_code, reason = "the other stories need more of it")]
mod broker;

use app::{Shop, User, request};
use broker::Mood;

/// Two passes, something goes wrong, three passes, and so on, until it is over.
const NOW_AND_THEN: &str = "2*off->1*panic->3*off->2*panic->5*off->1*panic->9*off->1*panic->off";

/// How many subscribe.
const COUNT: usize = 6;

async fn goes_on_after(fault: &str, action: &str) {
    let faults = FailScenario::setup();
    for target in [TestTarget::sqlite(), TestTarget::postgres().await] {
        Fixture::run(target, async |fixture: &Fixture| {
            let shop = Shop::open(fixture).await;
            fail::cfg(fault, action).unwrap();
            let whole = async {
                is_lived(&shop).await;
                fail::remove(fault);
                ends_well(&shop).await;
            };
            fixture.while_time_goes_on(Box::pin(whole)).await;
        })
        .await;
    }
    faults.teardown();
}

/// Six subscribe: two stay, two give up once they have what they paid for, one before paying, and one is refused by the
/// adapter.
async fn is_lived(shop: &Shop) {
    for number in 0..COUNT {
        let user = shop.user(&format!("user{number}"));
        let asked = request(&user);
        let bought = eventually("it is begun", async || shop.create(asked.clone()).await.ok()).await;
        let id = bought.subscription_id.to_string();
        if number == 4 {
            gives_up(&user, &id).await;
            continue;
        }
        if number == 5 {
            shop.broker.set(Mood::Rejects);
        }
        let invoice_id = bought.invoice_id.to_string();
        eventually("it is paid", async || {
            let reply = user.pay(&invoice_id).await;
            let is_paid = reply.status == 200 && reply.json()["payments"][0]["status"] == "succeeded";
            is_paid.then_some(())
        })
        .await;
        if number == 5 {
            becomes(&user, &id, "status", "cancelled").await;
            shop.broker.set(Mood::Works);
            continue;
        }
        becomes(&user, &id, "provisioning", "active").await;
        if number > 1 {
            gives_up(&user, &id).await;
            becomes(&user, &id, "provisioning", "suspended").await;
        }
    }
}

async fn becomes(user: &User, id: &str, member: &str, value: &str) {
    eventually("the subscription goes on", async || {
        let path = format!("/subscriptions/{id}");
        let seen = user.subscriptions.client.get(&path).await.json();
        (seen[member] == value).then_some(())
    })
    .await;
}

/// Gives up until it is done, as somebody does who lost an answer.
async fn gives_up(user: &User, id: &str) {
    eventually("it is given up", async || {
        user.cancel(id, false).await.status.is_success().then_some(())
    })
    .await;
}

async fn ends_well(shop: &Shop) {
    eventually("nothing is to be done any more but by time", async || {
        let open = "SELECT step FROM subscription_steps WHERE step <> 'timer'";
        (shop.subscriptions.count(open).await == 0).then_some(())
    })
    .await;
    assert_eq!(
        shop.subscriptions.count("SELECT id FROM subscriptions").await,
        COUNT
    );
    books::agree(shop).await;
    assert_eq!(shop.broker.count(), 4, "two that run and two that are kept");
    let paid = "SELECT id FROM invoices WHERE status = 'paid' AND is_given_back = 0";
    assert_eq!(shop.subscriptions.count(paid).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_that_is_abandoned_before_its_commit_happens_later() {
    goes_on_after("db::before-commit", NOW_AND_THEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_happens_once() {
    goes_on_after("db::commit-answer-lost", &NOW_AND_THEN.replace("panic", "return")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_without_its_position_is_not_kept() {
    goes_on_after("bus::after-effect-before-position", "2*off->1*panic->off").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_and_not_answered_is_begun_once() {
    goes_on_after(
        "subscriptions::after-begin-before-open",
        "2*return->1*off->2*return->off",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_was_opened_is_opened_once() {
    goes_on_after(
        "subscriptions::after-open-before-store",
        "2*return->1*off->2*return->off",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_was_given_up_is_given_up_once() {
    goes_on_after("subscriptions::after-cancel-before-store", "2*return->off").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_adapter_did_and_nobody_wrote_down_is_done_again() {
    goes_on_after(
        "subscriptions::after-adapter-before-store",
        "1*return->1*off->2*return->2*off->1*return->3*off->1*return->off",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_panics_is_started_again() {
    goes_on_after(
        "subscriptions::after-adapter-before-store",
        "1*panic->2*off->1*panic->off",
    )
    .await;
}
