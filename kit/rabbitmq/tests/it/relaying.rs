//! The relay: what it keeps, what it tells, and what happens when it ends at any point.

use std::time::Duration;

use kit_bus::BusMetrics;
use kit_bus_testing::{ProxyMode, Reset, settings};
use kit_db::Dialect;
use kit_telemetry::Metrics;

use crate::BusFixture;
use crate::support::{self, Rabbit};

async fn keeps_what_it_has_not_passed(dialect: Dialect) {
    let proxy = support::proxy().await;
    proxy.set(ProxyMode::Refused).await;
    let fixture = BusFixture::by(dialect, Rabbit::reached_by(support::url_by(&proxy))).await;
    for _ in 0..10 {
        fixture.count("a").await;
    }
    let mut keeping = settings();
    keeping.retention.kept = Duration::ZERO;
    keeping.retention.gone_after = Duration::ZERO;
    let relaying = fixture.relaying_with(keeping.clone());
    let process = fixture.process_with(keeping, Duration::from_secs(1)).await;
    process.keep_ledger(&fixture);
    assert_eq!(relaying.bus.trim().await.unwrap(), 0);
    assert_eq!(fixture.published().await, 10);
    proxy.set(ProxyMode::Open).await;
    fixture.until_effects(&process, 10).await;
    fixture
        .until("the rows are gone", async || {
            relaying.bus.trim().await.unwrap();
            fixture.published().await == 0
        })
        .await;
    relaying.crash().await;
    process.crash().await;
    fixture.remove().await;
    proxy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_kept_until_the_relay_has_passed_them_on_sqlite() {
    keeps_what_it_has_not_passed(Dialect::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_kept_until_the_relay_has_passed_them_on_postgres() {
    keeps_what_it_has_not_passed(Dialect::Postgres).await;
}

/// The value of a metric's line that holds all of these.
fn value(metrics: &Metrics, name: &str, labels: &[&str]) -> Option<f64> {
    let text = metrics.encode();
    let mut lines = text.lines().filter(|line| line.starts_with(name));
    let line = lines.find(|line| labels.iter().all(|label| line.contains(label)))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_tells_what_it_does() {
    let proxy = support::proxy().await;
    proxy.set(ProxyMode::Refused).await;
    let fixture = BusFixture::by(Dialect::Sqlite, Rabbit::reached_by(support::url_by(&proxy))).await;
    let rabbit = &fixture.broker;
    let metrics = Metrics::new();
    let mut setup = fixture.setup(settings(), Duration::from_secs(1));
    setup.metrics = Some(BusMetrics::new(&metrics));
    let relaying = fixture.relaying_as(setup);
    for number in 0..30 {
        fixture.count("a").await;
        if number % 3 == 0 {
            fixture.publish(Reset { key: "a".to_owned() }).await;
        }
    }
    let relayed = |outcome: &str| {
        let outcome = format!("outcome=\"{outcome}\"");
        value(&metrics, "stoa_bus_relayed", &["topic=\"counts\"", &outcome])
    };
    let counts = ["topic=\"counts\"", "broker=\"rabbitmq\""];
    fixture
        .until("failures are counted", async || {
            relayed("failed").is_some_and(|failed| failed >= 2.0)
                && value(&metrics, "stoa_bus_relay_lag_rows", &counts) == Some(40.0)
                && value(&metrics, "stoa_bus_relay_oldest_event_seconds", &counts)
                    .is_some_and(|age| age > 0.0)
        })
        .await;
    // Somebody wants one type, and nobody the other.
    let queue = format!("{}.picky", rabbit.exchange);
    rabbit.declare_exchange().await;
    rabbit.bind(&queue, "counts.count.changed").await;
    proxy.set(ProxyMode::Open).await;
    fixture
        .until("all are told", async || {
            relayed("published") == Some(30.0)
                && relayed("unwanted") == Some(10.0)
                && value(&metrics, "stoa_bus_relay_lag_rows", &counts) == Some(0.0)
        })
        .await;
    assert_eq!(
        value(&metrics, "stoa_bus_relay_oldest_event_seconds", &counts),
        Some(0.0)
    );
    relaying.crash().await;
    rabbit.delete(&queue).await;
    fixture.remove().await;
    proxy.end().await;
}
