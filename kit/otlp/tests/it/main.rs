//! Stories of spans on their way to a collector, which is a real server that reads what it gets strictly.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot go on ends, also in a function that is no test by itself"
)]

use std::time::Duration;

use kit_otlp::{ExportSettings, Exporter, Resource};
use kit_rpc::pool::Trust;
use kit_runtime::{Clock, Ids};
use kit_telemetry::{Metrics, SpanCounts, SpanKind, Tracer, TracerSettings};
use kit_testing::collector::{Collector, Manner};
use kit_testing::eventually;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

/// A process that traces.
struct Process {
    tracer: Tracer,
    exporter: Exporter,
    metrics: Metrics,
}

impl Process {
    fn start(url: &str, queue: usize) -> Self {
        Self::start_patient(url, queue, Duration::from_millis(500))
    }

    /// Gives up on an answer after `time_limit`.
    fn start_patient(url: &str, queue: usize, time_limit: Duration) -> Self {
        let metrics = Metrics::new();
        let counts = SpanCounts::new(&metrics);
        let settings = TracerSettings { ratio: 1.0, queue };
        let (tracer, waiting) = Tracer::new(settings, Clock::system(), Ids::system(), counts.clone());
        let settings = ExportSettings {
            endpoint: url.parse().unwrap(),
            headers: "authorization=Bearer%20abc".parse().unwrap(),
            time_limit,
            interval: Duration::from_millis(20),
            trust: Trust::System,
        };
        let resource = Resource {
            name: "stoa".to_owned(),
            is_fixed: false,
            version: "1.0.0",
            instance: "here".to_owned(),
        };
        Self {
            tracer,
            exporter: Exporter::start(settings, resource, waiting, counts).unwrap(),
            metrics,
        }
    }

    fn work(&self, steps: usize) {
        for _ in 0..steps {
            self.tracer.begin(SpanKind::Server, Some("orders"), None).end();
        }
    }

    fn count(&self, outcome: &str) -> u64 {
        let text = self.metrics.encode();
        let start = format!("stoa_trace_spans_total{{outcome=\"{outcome}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        line.map_or(0, |count| count.parse().unwrap())
    }

    async fn until(&self, outcome: &str, count: u64) {
        eventually(outcome, async || (self.count(outcome) >= count).then_some(())).await;
    }
}

#[tokio::test]
async fn what_has_ended_arrives() {
    let collector = Collector::start();
    let process = Process::start(&collector.url(), 4096);
    process.work(1000);
    process.until("exported", 1000).await;
    let spans = collector.spans();
    assert_eq!(spans.len(), 1000);
    assert!(
        spans
            .iter()
            .all(|span| span.service == "orders" && span.kind == 2)
    );
    let requests = collector.requests();
    assert!(
        requests.len() < 100,
        "they travel together: {} requests",
        requests.len()
    );
    assert!(
        requests[0].contains("\r\nauthorization: bearer abc\r\n"),
        "{}",
        requests[0]
    );
    process.exporter.stop(LONG).await;
}

#[tokio::test]
async fn what_waits_at_the_end_is_sent_before_it() {
    let collector = Collector::start();
    let process = Process::start(&collector.url(), 4096);
    process.work(700);
    process.exporter.stop(LONG).await;
    assert_eq!(collector.spans().len(), 700);
    // Nobody exports any more, and nobody is held up by that.
    process.tracer.begin(SpanKind::Client, None, None).end();
}

#[tokio::test]
async fn a_collector_that_is_busy_gets_it_later() {
    let collector = Collector::start();
    collector.behave(Manner::Refuses(503));
    let process = Process::start(&collector.url(), 4096);
    process.work(3);
    eventually("it is asked twice", async || {
        (collector.requests().len() > 1).then_some(())
    })
    .await;
    assert_eq!(process.count("exported"), 0);
    collector.behave(Manner::Takes);
    process.until("exported", 3).await;
    assert_eq!(collector.spans().len(), 3);
    process.exporter.stop(LONG).await;
}

#[tokio::test]
async fn a_refusal_for_good_is_not_asked_twice() {
    let collector = Collector::start();
    collector.behave(Manner::Refuses(400));
    let process = Process::start(&collector.url(), 4096);
    process.work(3);
    process.until("failed", 3).await;
    let requests = collector.requests().len();
    collector.behave(Manner::Rejects(1));
    process.work(2);
    process.until("rejected", 1).await;
    assert_eq!((process.count("exported"), process.count("failed")), (1, 3));
    assert!(collector.requests().len() > requests);
    process.exporter.stop(LONG).await;
}

#[tokio::test]
async fn a_silent_collector_holds_nobody_up_and_what_is_too_much_is_counted() {
    let collector = Collector::start();
    collector.behave(Manner::Silent);
    let process = Process::start_patient(&collector.url(), 100, Duration::from_hours(1));
    // More than a document and the queue hold.
    eventually("the exporter waits", async || {
        process.work(200);
        (process.count("dropped") > 0 && !collector.requests().is_empty()).then_some(())
    })
    .await;
    assert_eq!(process.count("exported"), 0);
    let stopped = timeout(LONG, process.exporter.stop(Duration::from_millis(200))).await;
    stopped.expect("the end does not wait for it");
}

#[tokio::test]
async fn where_there_is_no_collector_the_process_ends_as_ever() {
    let nobody = {
        let collector = Collector::start();
        collector.url()
    };
    let process = Process::start(&nobody, 10);
    process.work(50);
    let Process {
        exporter, metrics, ..
    } = process;
    exporter.stop(LONG).await;
    assert!(
        metrics.encode().contains("outcome=\"dropped\""),
        "{}",
        metrics.encode()
    );
    assert!(
        metrics.encode().contains("outcome=\"failed\""),
        "{}",
        metrics.encode()
    );
}
