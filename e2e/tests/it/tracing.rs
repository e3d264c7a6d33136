//! Traces: one from the client's request to the last handler of its events, told to a collector that reads
//! strictly, and never in anybody's way.

use e2e::{Client, Person, Setup, Stoa, Topology, eventually};
use kit_testing::collector::{Collector, Manner, ReceivedSpan};
use serde_json::json;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const CONSUMER: u8 = 5;

fn traced(setup: Setup, collector: &Collector) -> Setup {
    setup
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
        .set("telemetry.otlp.interval", "50ms")
}

fn pay_in(client: &Client) {
    client
        .post("/api/transactions", &json!({ "amount": 1 }))
        .expect(201);
}

/// The one span of a trace that is of this service and kind; the caller has waited for it.
#[track_caller]
fn only<'a>(spans: &'a [ReceivedSpan], service: &str, kind: u8) -> &'a ReceivedSpan {
    let found: Vec<&ReceivedSpan> = spans
        .iter()
        .filter(|span| span.service == service && span.kind == kind)
        .collect();
    match found[..] {
        [one] => one,
        _ => panic!("not one of `{service}` and {kind}: {spans:#?}"),
    }
}

/// The spans of a trace, once the statistics' handler is among them, which comes last.
fn whole(collector: &Collector, trace: &str) -> Vec<ReceivedSpan> {
    eventually("the trace is told to its end", || {
        let mut spans = collector.spans();
        spans.retain(|span| span.trace == trace);
        let has = |service, kind| {
            spans
                .iter()
                .any(|span| span.service == service && span.kind == kind)
        };
        (has("analytics", CONSUMER) && has("payments", SERVER) && has("gateway", SERVER)).then_some(spans)
    })
}

fn one_trace_leads_from_a_request_to_the_handler_of_its_event(topology: Topology) {
    let collector = Collector::start();
    let stoa = Stoa::start_with(topology, |setup| traced(setup, &collector));
    let gateway = stoa.gateway();
    let ada = Person::join(&gateway, "ada").at(&gateway);
    pay_in(&ada.with("traceparent", &format!("00-{TRACE}-{CALLER}-01")));
    let spans = whole(&collector, TRACE);

    let entry = only(&spans, "gateway", SERVER);
    assert_eq!(entry.parent.as_deref(), Some(CALLER));
    assert_eq!(entry.name, "POST /api/transactions");
    assert_eq!(entry.attributes["http.response.status_code"], "201");
    assert!(!entry.failed);

    let service = only(&spans, "payments", SERVER);
    assert_eq!(service.name, "POST /transactions");
    let before_service = match topology {
        Topology::Embedded => entry,
        Topology::Split | Topology::Apart | Topology::Shop => {
            let call = only(&spans, "gateway", CLIENT);
            assert_eq!(call.parent.as_ref(), Some(&entry.id));
            call
        }
    };
    assert_eq!(service.parent.as_ref(), Some(&before_service.id));

    let handler = only(&spans, "analytics", CONSUMER);
    assert_eq!(handler.name, "process transactions");
    assert_eq!(handler.parent.as_ref(), Some(&service.id));
    assert_eq!(
        handler.attributes["cloudevents.event_type"],
        "transaction.created"
    );

    let mut all = collector.spans().into_iter();
    let begun_here = all.find(|span| span.name == "POST /api/register" && span.kind == SERVER);
    let begun_here = begun_here.expect("a registration");
    assert_eq!(
        (begun_here.parent, begun_here.service.as_str()),
        (None, "gateway")
    );
}

#[test]
fn one_trace_leads_through_one_process() {
    one_trace_leads_from_a_request_to_the_handler_of_its_event(Topology::Embedded);
}

#[test]
fn one_trace_leads_through_many_processes() {
    one_trace_leads_from_a_request_to_the_handler_of_its_event(Topology::Split);
}

#[test]
fn what_a_client_does_not_sample_is_told_to_nobody() {
    let collector = Collector::start();
    let stoa = Stoa::start_with(Topology::Embedded, |setup| {
        traced(setup, &collector)
            .set("telemetry.sampling", "0")
            .env("OTEL_SERVICE_NAME", "shop")
    });
    let gateway = stoa.gateway();
    let ada = Person::join(&gateway, "ada").at(&gateway);
    let unsampled = "11111111111111111111111111111111";
    pay_in(&ada.with("traceparent", &format!("00-{unsampled}-{CALLER}-00")));
    pay_in(&ada.with("traceparent", &format!("00-{TRACE}-{CALLER}-01")));
    eventually("the sampled trace is told", || {
        collector
            .spans()
            .iter()
            .any(|span| span.kind == CONSUMER)
            .then_some(())
    });
    // Its events come in order, so those of the other had been handled before.
    for span in collector.spans() {
        assert_eq!(
            (span.trace.as_str(), span.service.as_str()),
            (TRACE, "shop"),
            "{span:?}"
        );
    }
}

#[test]
fn a_collector_that_fails_changes_nothing_for_clients() {
    let collector = Collector::start();
    collector.behave(Manner::Silent);
    let mut stoa = Stoa::start_with(Topology::Embedded, |setup| {
        traced(setup, &collector)
            .set("telemetry.otlp.queue", "4")
            .set("telemetry.otlp.time_limit", "300ms")
    });
    let gateway = stoa.gateway();
    let ada = Person::join(&gateway, "ada").at(&gateway);
    let node = stoa.node("gateway");
    for manner in [Manner::Silent, Manner::Refuses(500), Manner::Refuses(429)] {
        collector.behave(manner);
        let asked = collector.requests().len();
        eventually("the collector is asked again", || {
            pay_in(&ada);
            (collector.requests().len() > asked).then_some(())
        });
    }
    eventually("what is too much is counted", || {
        pay_in(&ada);
        (node.metric("stoa_trace_spans_total", &["outcome=\"dropped\""]) > 0.0).then_some(())
    });
    assert_eq!(stoa.node_mut("gateway").terminate().code(), Some(0));
}

#[test]
fn what_waits_when_the_process_ends_is_told_before() {
    let collector = Collector::start();
    let mut stoa = Stoa::start_with(Topology::Embedded, |setup| {
        traced(setup, &collector).set("telemetry.otlp.interval", "1h")
    });
    let gateway = stoa.gateway();
    let ada = Person::join(&gateway, "ada").at(&gateway);
    pay_in(&ada.with("traceparent", &format!("00-{TRACE}-{CALLER}-01")));
    assert!(collector.requests().is_empty(), "they wait");
    assert_eq!(stoa.node_mut("gateway").terminate().code(), Some(0));
    let spans = collector.spans();
    assert!(
        spans
            .iter()
            .any(|span| span.trace == TRACE && span.service == "payments"),
        "{spans:#?}"
    );
}
