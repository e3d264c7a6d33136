//! Faults injected by name while services are made, bound, given other secrets, suspended, resumed and taken away:
//! whatever goes wrong between any two steps, and however often, the object store has in the end what the rows say, and
//! nothing else. Faults are one set a process, hence a process of their own, and one test at a time.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use fail::FailScenario;
use futures::future::join_all;
use kit_adapter::{AdapterClient, AdapterFault, Instance, Progress};
use kit_rpc::RpcPool;
use kit_rpc::pool::PoolSettings;
use kit_runtime::{Clock, FakeClock};
use kit_testing::db::TestTarget;
use kit_testing::{Fixture, Person, eventually, minio_server, while_time_goes_on};

#[path = "../it/app.rs"]
#[expect(dead_code, unused_imports, reason = "the other stories need more of it")]
mod app;
#[path = "../it/back_ends.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the other stories need more of it"
)]
mod back_ends;
mod contents;
#[path = "../../../subscriptions/tests/shops/subscriptions_double.rs"]
#[expect(dead_code, reason = "the other stories need more of it")]
mod subscriptions_double;

use app::{Customer as _, Shop, presign, put, soon};
use back_ends::{BackEnd, MinIoUser};
use contents::{Contents, contents};
use subscriptions_double::SubscriptionsDouble;

/// Two passes, something goes wrong, three passes, and so on, until it is over.
const NOW_AND_THEN: &str = "2*off->1*panic->3*off->2*panic->5*off->1*panic->9*off->1*panic->off";

/// How many have a service.
const COUNT: usize = 8;

/// What becomes of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Stays,
    IsSuspended,
    IsTakenAway,
    /// Before anybody was told that it is there.
    IsGivenUp,
}

const OUTCOMES: [Outcome; 4] = [
    Outcome::Stays,
    Outcome::IsSuspended,
    Outcome::IsTakenAway,
    Outcome::IsGivenUp,
];

async fn goes_on_after(fault: &str, action: &str) {
    let faults = FailScenario::setup();
    let at_minio = BackEnd::MinIo(MinIoUser::at(minio_server()).await);
    for (target, back_end) in [
        (TestTarget::sqlite(), BackEnd::Embedded),
        (TestTarget::postgres().await, at_minio),
    ] {
        Fixture::run(target, async |fixture: &Fixture| {
            // Against the machine's time signatures are held, at MinIO too; it may be ahead by a quarter of an hour.
            let time = FakeClock::at(Clock::system().now());
            let with = |app| back_end.set(kit_testing::AppBuilder::clock(app, time.clock()));
            let shop = Shop::start_with(fixture, SubscriptionsDouble::default(), with).await;
            let shop = shop.with("a").await;
            let whole = lives_through(fixture, &shop, &back_end, (fault, action));
            while_time_goes_on(&time, Box::pin(whole)).await;
        })
        .await;
    }
    faults.teardown();
}

/// All at once, each by its outcome; and then everything is as it should be.
async fn lives_through(fixture: &Fixture, shop: &Shop, back_end: &BackEnd, (fault, action): (&str, &str)) {
    let adapter = over_http(shop);
    let mut bought = Vec::new();
    for (number, outcome) in (0..COUNT).zip(OUTCOMES.into_iter().cycle()) {
        let person = shop.sign_up(&format!("user{number}"));
        bought.push((shop.purchase(&person, "a").await, person, outcome));
    }
    fail::cfg(fault, action).unwrap();
    join_all(
        bought
            .iter()
            .map(|(instance, person, outcome)| live(&adapter, instance, person, *outcome)),
    )
    .await;
    fail::remove(fault);
    shop.check_invariants().await;
    let mut provisioned = Vec::new();
    let mut expected = Contents::default();
    for (instance, person, outcome) in &bought {
        let service = person.client.service().await;
        let (bucket, status) = (
            service["bucket"].as_str().unwrap(),
            service["status"].as_str().unwrap(),
        );
        assert_eq!(
            status,
            match outcome {
                Outcome::Stays => "active",
                Outcome::IsSuspended => "suspended",
                Outcome::IsTakenAway => "deprovisioned",
                Outcome::IsGivenUp => "failed",
            }
        );
        if matches!(outcome, Outcome::Stays | Outcome::IsSuspended) {
            provisioned.push((instance.id.clone(), status.to_owned()));
            expected.add(bucket, contents::keys(shop, &instance.id).await);
        }
        if *outcome == Outcome::Stays {
            can_be_used(shop, person).await;
        }
    }
    provisioned.sort();
    assert_eq!(shop.provisioned().await, provisioned);
    assert_eq!(contents(fixture, shop, back_end).await, expected);
}

/// As subscriptions reaches an adapter that is not in its process.
fn over_http(shop: &Shop) -> AdapterClient {
    let pool = RpcPool::new(PoolSettings::default(), shop.process.lifecycle.tasks());
    let address = format!("http://{}", shop.address).parse().unwrap();
    AdapterClient::of_peer(&pool, &address, shop.process.internal_keys()).unwrap()
}

async fn live(adapter: &AdapterClient, instance: &Instance, person: &Person, outcome: Outcome) {
    if outcome == Outcome::IsGivenUp {
        let accepted = async || adapter.provision(instance, soon()).await.ok();
        eventually("it is accepted", accepted).await;
        return goes(adapter, instance).await;
    }
    let made = async || adapter.provision(instance, soon()).await;
    until_done("it is made", made).await;
    // Once it was made, and the answer lost, nothing is shown any more.
    let bound = async || adapter.bind(instance, &instance.id, soon()).await.ok();
    eventually("it is bound", bound).await;
    let rotated = async || (person.client.rotate().await.status == 200).then_some(());
    eventually("it has another secret", rotated).await;
    if outcome == Outcome::Stays {
        return;
    }
    let suspended = async || adapter.suspend(instance, soon()).await.ok();
    eventually("it is suspended", suspended).await;
    if outcome == Outcome::IsTakenAway {
        let resumed = async || adapter.resume(instance, soon()).await.ok();
        eventually("it is resumed", resumed).await;
        goes(adapter, instance).await;
    }
}

async fn goes(adapter: &AdapterClient, instance: &Instance) {
    let gone = async || adapter.deprovision(instance, soon()).await;
    until_done("it is gone", gone).await;
}

/// Asks again until it is done.
async fn until_done(what: &str, ask: impl AsyncFn() -> Result<Progress, AdapterFault>) {
    let done = async || matches!(ask().await, Ok(Progress::Done)).then_some(());
    eventually(what, done).await;
}

/// Its owner writes by a signed address.
async fn can_be_used(shop: &Shop, person: &Person) {
    let s3 = shop.s3(person).await;
    let signed = presign(&person.client, "PUT", "kept").await.expect(200);
    assert_eq!(put(&s3, &signed, "kept").await.status, 200);
    let objects = person.client.get("/service/objects").await.expect(200);
    assert_eq!(objects["items"][0]["key"], "kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_abandoned_before_its_commit_happens_later() {
    goes_on_after("db::before-commit", NOW_AND_THEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_happens_once() {
    goes_on_after("db::commit-answer-lost", &NOW_AND_THEN.replace("panic", "return")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_back_end_did_and_nobody_heard_of_is_done_again() {
    goes_on_after(
        "storage::after-back-end",
        &NOW_AND_THEN.replace("panic", "return"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dies_after_the_back_end_did_it_is_followed_by_another() {
    goes_on_after("storage::after-back-end", NOW_AND_THEN).await;
}
