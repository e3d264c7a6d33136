//! Brokers that go away and come back.

use std::time::Duration;

use kit_bus_testing::{Proxy, ProxyMode, TestBroker as _, assert_in_order};
use kit_db::Dialect;

use crate::BusFixture;
use crate::broadcasting::listen;
use crate::support::{self, Rabbit};

/// A fixture whose way to the broker can be cut. The relay starts with the test.
struct Cuttable {
    fixture: BusFixture,
    proxy: Proxy,
}

impl Cuttable {
    async fn new(dialect: Dialect) -> Self {
        let proxy = support::proxy().await;
        let rabbit = Rabbit::reached_by(support::url_by(&proxy));
        let fixture = BusFixture::by(dialect, rabbit).await;
        fixture.start_relaying();
        Self { fixture, proxy }
    }

    async fn remove(self) {
        self.fixture.remove().await;
        self.proxy.end().await;
    }
}

async fn what_is_published_while_the_broker_is_away(dialect: Dialect, way: ProxyMode) {
    let cuttable = Cuttable::new(dialect).await;
    let fixture = &cuttable.fixture;
    let process = fixture.process().await;
    process.keep_ledger(fixture);
    fixture.count_all(20, 3).await;
    fixture.until_effects(&process, 20).await;
    cuttable.proxy.set(way).await;
    fixture.count_all(100, 3).await;
    assert_eq!(fixture.effects(&process).await.len(), 20);
    cuttable.proxy.set(ProxyMode::Open).await;
    assert_in_order(&fixture.until_effects(&process, 120).await);
    process.crash().await;
    cuttable.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_while_the_broker_is_down_arrives_afterwards_on_sqlite() {
    what_is_published_while_the_broker_is_away(Dialect::Sqlite, ProxyMode::Refused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_while_the_broker_is_down_arrives_afterwards_on_postgres() {
    what_is_published_while_the_broker_is_away(Dialect::Postgres, ProxyMode::Refused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_while_the_broker_is_silent_arrives_afterwards() {
    what_is_published_while_the_broker_is_away(Dialect::Sqlite, ProxyMode::Silent).await;
}

async fn cut_again_and_again(dialect: Dialect) {
    let cuttable = Cuttable::new(dialect).await;
    let fixture = &cuttable.fixture;
    let process = fixture.process().await;
    process.keep_ledger(fixture);
    for round in 0..12 {
        fixture.count_all(40, 7 - round % 3).await;
        cuttable.proxy.cut().await;
    }
    assert_in_order(&fixture.until_effects(&process, 480).await);
    fixture.until_passed(&process).await;
    assert_eq!(process.bus.admin().lag().await.unwrap()[0].parked, 0);
    process.crash().await;
    cuttable.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_again_and_again_loses_and_doubles_nothing_on_sqlite() {
    cut_again_and_again(Dialect::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_again_and_again_loses_and_doubles_nothing_on_postgres() {
    cut_again_and_again(Dialect::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broadcast_that_was_interrupted_connects_again_before_it_hears() {
    let cuttable = Cuttable::new(Dialect::Sqlite).await;
    let fixture = &cuttable.fixture;
    let process = fixture.process().await;
    let heard = listen(&process, fixture);
    fixture.until("connected", async || heard.all() == [0]).await;
    fixture.count("a").await;
    fixture.until("heard", async || heard.all() == [0, 1]).await;
    cuttable.proxy.set(ProxyMode::Refused).await;
    fixture.count("a").await;
    cuttable.proxy.set(ProxyMode::Open).await;
    fixture
        .until("connected again", async || {
            heard.all().iter().filter(|number| **number == 0).count() == 2
        })
        .await;
    fixture.count("a").await;
    fixture
        .until("heard", async || heard.all().last() == Some(&3))
        .await;
    process.crash().await;
    cuttable.remove().await;
}

/// Threads of the client in this process; each connection has one.
fn client_threads() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let names = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")));
    names
        .filter(|name| name.as_ref().is_ok_and(|name| name.starts_with("lapin")))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_never_answers_is_asked_again_and_leaves_nothing_behind() {
    let proxy = support::proxy().await;
    proxy.set(ProxyMode::Silent).await;
    let mut settings = support::settings(support::url_by(&proxy), "silent");
    settings.answer_limit = Duration::from_millis(50);
    let broker = support::made(settings);
    let before = client_threads();
    for _ in 0..200 {
        let error = broker.check().await.unwrap_err().to_string();
        assert_eq!(error, "rabbitmq: connecting: no answer within 50ms");
    }
    // Other tests run in this process too.
    kit_testing::eventually("the threads end", async || {
        (client_threads() < before + 100).then_some(())
    })
    .await;
    proxy.end().await;
}

#[tokio::test]
async fn a_check_publishes_and_consumes() {
    let proxy = support::proxy().await;
    let rabbit = Rabbit::reached_by(support::url_by(&proxy));
    let broker = rabbit.broker();
    broker.check().await.unwrap();
    proxy.set(ProxyMode::Refused).await;
    let error = broker.check().await.unwrap_err().to_string();
    assert!(error.starts_with("rabbitmq: connecting: "), "{error}");
    proxy.set(ProxyMode::Open).await;
    broker.check().await.unwrap();
    proxy.end().await;
    rabbit.remove().await;
}

#[tokio::test]
async fn an_address_that_can_never_work_is_refused_at_once() {
    for (url, reason) in [
        (
            "http://a:b@c",
            "rabbitmq: the address is not `amqp[s]://user:password@host:port/vhost`",
        ),
        ("amqps://a:secret@-/", "rabbitmq: `-` is not the name of a host"),
    ] {
        let refused = kit_rabbitmq::open(
            support::settings(url.to_owned(), "stoa"),
            kit_runtime::Clock::system(),
            kit_runtime::Ids::system(),
        );
        assert_eq!(refused.unwrap_err().to_string(), reason);
    }
}
