//! Brokers that are killed, stand still, or are out of reach, and come back.

use std::time::Duration;

use kit_bus::Broker;
use kit_bus_testing::{Process, Proxy, ProxyMode, assert_in_order};
use kit_db::Dialect;
use kit_testing::{KafkaServer, PrivateKafka};

use crate::BusFixture;
use crate::broadcasting::{Received, listen};
use crate::support::{self, Kafka};

/// A broker of the test's own, and the fixtures of both databases that it serves.
struct Interrupted {
    server: PrivateKafka,
    /// As the fixtures reach it.
    broker: Broker,
    fixtures: Vec<Published>,
}

/// A fixture, and what was published in it.
struct Published {
    fixture: BusFixture,
    process: Process,
    received: Received,
    counted: usize,
}

fn impatient(server: &KafkaServer) -> Kafka {
    let mut kafka = Kafka::of(server.clone());
    kafka.settings.answer_limit = Duration::from_secs(3);
    kafka.settings.confirm_limit = Duration::from_secs(3);
    kafka
}

impl Interrupted {
    /// All who come, by the way that the broker tells them.
    async fn new(proxy: Option<&Proxy>) -> Self {
        let mut server = PrivateKafka::prepare(proxy.map(Proxy::port));
        server.start().await;
        let mut reached = server.server();
        if let Some(proxy) = proxy {
            proxy.lead_to(reached.address);
            reached.address = format!("127.0.0.1:{}", proxy.port());
        }
        let mut fixtures = Vec::new();
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let fixture = BusFixture::by(dialect, impatient(&reached)).await;
            fixture.start_relaying();
            let process = fixture.process().await;
            process.keep_ledger(&fixture);
            let received = listen(&process, &fixture);
            fixtures.push(Published {
                fixture,
                process,
                received,
                counted: 0,
            });
        }
        let broker = support::made(impatient(&reached).settings);
        Self {
            server,
            broker,
            fixtures,
        }
    }

    /// Whoever waited for an answer when this began has done so in vain.
    async fn until_nobody_answers(&self) {
        self.broker.check().await.unwrap_err();
    }

    async fn count(&mut self, events: usize) {
        for told in &mut self.fixtures {
            told.fixture.count_all(events, 7).await;
            told.counted += events;
        }
    }

    /// All that was counted has come, and in order.
    async fn until_all_came(&self) {
        for told in &self.fixtures {
            assert_in_order(&told.fixture.until_effects(&told.process, told.counted).await);
        }
    }

    async fn end(self) {
        for told in self.fixtures {
            told.fixture.until_passed(&told.process).await;
            assert_eq!(told.process.bus.admin().lag().await.unwrap()[0].parked, 0);
            assert_eq!(told.fixture.effects(&told.process).await.len(), told.counted);
            // A broadcast hears the last of it, however often it connected.
            let received = || told.received.all().iter().copied().max();
            assert!(received().is_some_and(|number| number > 0));
            told.process.crash().await;
            told.fixture.remove().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_and_started_again_loses_and_doubles_nothing() {
    let mut all = Interrupted::new(None).await;
    all.count(100).await;
    all.until_all_came().await;
    for _ in 0..2 {
        // In the middle of what it does.
        all.count(700).await;
        all.server.kill().await;
        all.count(100).await;
        all.server.start().await;
        all.count(100).await;
        all.until_all_came().await;
    }
    all.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_stands_still_or_is_out_of_reach_loses_and_doubles_nothing() {
    let proxy = Proxy::bind().await;
    let mut all = Interrupted::new(Some(&proxy)).await;
    all.count(100).await;
    all.until_all_came().await;
    for way in [ProxyMode::Refused, ProxyMode::Silent] {
        proxy.set(way).await;
        all.count(100).await;
        all.until_nobody_answers().await;
        for told in &all.fixtures {
            assert_eq!(
                told.fixture.effects(&told.process).await.len(),
                told.counted - 100
            );
        }
        proxy.set(ProxyMode::Open).await;
        all.until_all_came().await;
    }
    for _ in 0..8 {
        all.count(40).await;
        proxy.cut().await;
    }
    all.until_all_came().await;
    all.server.stop();
    all.count(100).await;
    all.until_nobody_answers().await;
    all.server.go_on();
    all.until_all_came().await;
    all.end().await;
    proxy.end().await;
}
