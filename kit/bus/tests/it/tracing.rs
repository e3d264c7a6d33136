//! The step of a trace that a handler is.

use kit_bus::{Delivery, Failure, Inbox};
use kit_bus_testing::{CONSUMER, Counted, both_fixtures, count_up};
use kit_db::{StoreError, Tx};
use kit_runtime::{Clock, Ids};
use kit_telemetry::{Metrics, SpanCounts, SpanKind, SpanQueue, TraceParent, Tracer, TracerSettings};

use crate::BusFixture;

fn traced() -> (Tracer, SpanQueue) {
    let settings = TracerSettings {
        ratio: 0.0,
        queue: 64,
    };
    let counts = SpanCounts::new(&Metrics::new());
    Tracer::new(settings, Clock::system(), Ids::system(), counts)
}

async fn count_in(fixture: &BusFixture, trace: TraceParent) {
    let traced = fixture.producer.with_trace(trace);
    traced
        .write(async |tx: &mut Tx| count_up(tx, "a").await)
        .await
        .unwrap();
}

both_fixtures! {
    async fn a_handler_follows_on_its_event_and_what_it_publishes_on_the_handler(fixture: &BusFixture) {
        let (tracer, mut told) = traced();
        let process = fixture.process_traced(tracer).await;
        process.listen(|delivery: Delivery<Counted>, inbox: Inbox| async move {
            inbox.apply(async move |tx: &mut Tx| {
                tx.publish(delivery.payload);
                Ok::<_, StoreError>(())
            }).await?;
            Ok(())
        });
        let trace = TraceParent::start(Ids::system().random());
        count_in(fixture, trace).await;
        let step = told.recv().await.unwrap();
        assert_eq!((step.parent, step.kind, step.service), (Some(trace), SpanKind::Consumer, Some(CONSUMER)));
        assert_eq!((step.name.as_ref(), &step.failure), ("process counts", &None));
        assert_eq!(step.context.trace_id(), trace.trace_id());
        let published = process.bus.admin().tail(CONSUMER, None, 1).await.unwrap().unwrap();
        assert!(published[0].headers.contains(&step.context.to_string()), "{}", published[0].headers);
        process.crash().await;
    }

    async fn a_handler_that_fails_says_so_each_time_and_one_that_is_not_sampled_nothing(fixture: &BusFixture) {
        let (tracer, mut told) = traced();
        let process = fixture.process_traced(tracer).await;
        process.listen(|delivery: Delivery<Counted>, _: Inbox| async move {
            match delivery.attempt {
                1 => Err(Failure::again("not yet")),
                _ => Ok(()),
            }
        });
        // The ratio says that no trace begins here.
        fixture.count("a").await;
        let trace = TraceParent::start(Ids::system().random());
        count_in(fixture, trace).await;
        let (first, second) = (told.recv().await.unwrap(), told.recv().await.unwrap());
        assert_eq!((first.parent, second.parent), (Some(trace), Some(trace)));
        assert_eq!((first.failure.as_deref(), second.failure.as_deref()), (Some("not yet"), None));
        process.crash().await;
    }
}
