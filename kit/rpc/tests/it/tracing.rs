//! Calls as steps of a trace.

use std::sync::Arc;

use kit_http::server::{Server, ServerSettings, Stack};
use kit_rpc::pool::{Pool, PoolSettings};
use kit_rpc::{Remote, RpcPool};
use kit_runtime::{Clock, Ids, Lifecycle};
use kit_telemetry::{
    Metrics, SpanCounts, SpanData, SpanKind, SpanQueue, TraceParent, Tracer, TracerSettings,
};

use crate::ledger::{Act, LedgerClient, LedgerError, LedgerRefusal, Scripted, call, keys, script};

/// A ledger behind a socket, its caller, and what both tell.
struct Traced {
    ledger: LedgerClient,
    spans: SpanQueue,
    _lifecycle: Lifecycle,
}

impl Traced {
    async fn start() -> Self {
        let counts = SpanCounts::new(&Metrics::new());
        let settings = TracerSettings {
            ratio: 0.0,
            queue: 64,
        };
        let (tracer, spans) = Tracer::new(settings, Clock::system(), Ids::system(), counts);
        let lifecycle = Lifecycle::new();
        let address = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(address, ServerSettings::default()).await.unwrap();
        let address = format!("http://{}", server.address().unwrap()).parse().unwrap();
        let stack = Stack::new(Ids::system(), &Metrics::new()).traced(tracer.clone(), "ledger");
        let router = LedgerClient::router(Arc::new(Scripted::default()), keys(&["one"]));
        server.serve(router, stack, &lifecycle.tasks());
        let pool: RpcPool = Pool::new(PoolSettings::default(), lifecycle.tasks());
        let remote = Remote::new(&pool, &address, keys(&["one"])).unwrap();
        Self {
            ledger: LedgerClient::remote(remote.with_tracer(tracer)),
            spans,
            _lifecycle: lifecycle,
        }
    }

    /// The steps of one call: the caller's and the service's.
    async fn steps(&mut self) -> (SpanData, SpanData) {
        let (one, other) = (self.spans.recv().await.unwrap(), self.spans.recv().await.unwrap());
        match one.kind {
            SpanKind::Client => (one, other),
            SpanKind::Server | SpanKind::Producer | SpanKind::Consumer => (other, one),
        }
    }
}

#[tokio::test]
async fn what_a_service_does_follows_on_the_call_of_it() {
    let mut traced = Traced::start().await;
    let trace = TraceParent::start(Ids::system().random());
    let asked = call().with_trace(Some(trace), None);
    let seen = traced.ledger.look(&asked, script(&[Act::Answer])).await.unwrap();
    let (caller, service) = traced.steps().await;
    assert_eq!(
        (caller.parent, service.parent),
        (Some(trace), Some(caller.context))
    );
    assert_eq!(seen.trace, Some(service.context.to_string()));
    assert_eq!(caller.name, "POST /internal/rpc/ledger/look");
    assert_eq!(service.name, "POST /internal/rpc/ledger/look");
    assert_eq!((caller.service, service.service), (None, Some("ledger")));
    assert_eq!((caller.failure, service.failure), (None, None));
}

#[tokio::test]
async fn a_failed_call_says_so_and_a_refusal_is_an_answer() {
    let mut traced = Traced::start().await;
    let asked = call().with_trace(Some(TraceParent::start(Ids::system().random())), None);
    let refused = traced.ledger.change(&asked, script(&[Act::Refuse])).await;
    assert_eq!(
        refused.unwrap_err(),
        LedgerError::Refused(LedgerRefusal::Overdrawn { missing: 7 })
    );
    assert_eq!(traced.steps().await.0.failure, None);
    let broken = traced
        .ledger
        .change(&asked, script(&[Act::Refuse, Act::Internal]))
        .await;
    assert_eq!(broken.unwrap_err(), LedgerError::Internal);
    let (caller, _) = traced.steps().await;
    assert_eq!(caller.failure.as_deref(), Some("a call failed"));
    assert!(caller.attributes.contains(&("error.type", "internal".into())));
}

#[tokio::test]
async fn what_belongs_to_no_trace_begins_none() {
    let mut traced = Traced::start().await;
    traced.ledger.look(&call(), script(&[Act::Answer])).await.unwrap();
    assert!(traced.spans.try_recv().is_err());
}
