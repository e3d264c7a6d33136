//! A broadcast reaches every process, from the moment it listens.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use kit_bus::{Delivery, Failure};
use kit_bus_testing::{Counted, Process, both_fixtures};
use kit_db::Dialect;
use kit_telemetry::Metrics;
use tokio::sync::Notify;

use crate::BusFixture;

/// What one process heard, in order; a connect is 0.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<i64>>>);

impl Received {
    fn add(&self, number: i64) {
        self.0.lock().unwrap().push(number);
    }

    pub(crate) fn all(&self) -> Vec<i64> {
        self.0.lock().unwrap().clone()
    }
}

/// How many broadcasts hear nothing, as an operator sees it.
fn unconnected(metrics: &Metrics) -> String {
    let text = metrics.encode();
    let mut lines = text.lines();
    let line = lines.find(|line| line.starts_with("stoa_bus_unconnected_broadcasts{"));
    line.unwrap().rsplit(' ').next().unwrap().to_owned()
}

pub(crate) fn listen(process: &Process, fixture: &BusFixture) -> Received {
    let heard = Received::default();
    let (at_connect, at_event, moved) = (heard.clone(), heard.clone(), fixture.moved.clone());
    process
        .bus
        .broadcast("counts-cache")
        .on::<Counted>(move |delivery: Delivery<Counted>| {
            at_event.add(delivery.payload.number);
            moved.notify_one();
            async {}
        })
        .connected(move || {
            at_connect.add(0);
            async { Ok(()) }
        })
        .start()
        .unwrap();
    heard
}

both_fixtures! {
    async fn a_broadcast_begins_with_now(fixture: &BusFixture) {
        let process = fixture.process().await;
        // Somebody else has heard the first.
        process.keep_ledger(fixture);
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        let heard = listen(&process, fixture);
        fixture.until("connected", async || heard.all() == [0]).await;
        fixture.count("a").await;
        fixture.count("a").await;
        fixture.until("heard", async || heard.all() == [0, 2, 3]).await;
        process.crash().await;
    }

    async fn what_happens_while_the_state_is_loaded_comes_afterwards(fixture: &BusFixture) {
        let metrics = Metrics::new();
        let process = fixture.process_measured(&metrics).await;
        let heard = Received::default();
        let (loading, loaded) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (begun, may_end, at_event) = (loading.clone(), loaded.clone(), heard.clone());
        process.bus.broadcast("counts-cache")
            .on::<Counted>(move |delivery: Delivery<Counted>| {
                at_event.add(delivery.payload.number);
                async {}
            })
            .connected(move || {
                let (begun, may_end) = (begun.clone(), may_end.clone());
                async move {
                    begun.notify_one();
                    may_end.notified().await;
                    Ok(())
                }
            })
            .start()
            .unwrap();
        loading.notified().await;
        fixture.count("a").await;
        assert!(heard.all().is_empty());
        assert_eq!(unconnected(&metrics), "1");
        loaded.notify_one();
        process.bus.connected().await;
        assert_eq!(unconnected(&metrics), "0");
        fixture.until("heard", async || heard.all() == [1]).await;
        process.crash().await;
    }

    async fn a_state_that_cannot_be_loaded_is_loaded_again(fixture: &BusFixture) {
        let process = fixture.process().await;
        let heard = Received::default();
        let (at_event, loads) = (heard.clone(), Arc::new(AtomicU32::new(0)));
        let counted = loads.clone();
        process.bus.broadcast("counts-cache")
            .on::<Counted>(move |delivery: Delivery<Counted>| {
                at_event.add(delivery.payload.number);
                async {}
            })
            .connected(move || {
                let load = counted.fetch_add(1, Ordering::SeqCst);
                async move {
                    if load == 0 { Err(Failure::again("the owner is away")) } else { Ok(()) }
                }
            })
            .start()
            .unwrap();
        fixture.until("loaded", async || loads.load(Ordering::SeqCst) == 2).await;
        fixture.count("a").await;
        fixture.until("heard", async || heard.all() == [1]).await;
        process.crash().await;
    }

    async fn a_listener_that_panics_hears_the_next(fixture: &BusFixture) {
        let process = fixture.process().await;
        let heard = Received::default();
        let at_event = heard.clone();
        process.bus.broadcast("counts-cache")
            .on::<Counted>(move |delivery: Delivery<Counted>| {
                let at_event = at_event.clone();
                async move {
                    at_event.add(delivery.payload.number);
                    assert!(delivery.payload.number > 1, "on purpose");
                }
            })
            .start()
            .unwrap();
        fixture.until("the first is heard", async || {
            fixture.count("a").await;
            !heard.all().is_empty()
        }).await;
        let count = heard.all().len();
        fixture.count("a").await;
        fixture.until("the next is heard", async || heard.all().len() > count).await;
        process.crash().await;
    }
}

#[tokio::test]
async fn a_broadcast_reaches_every_process() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let (one, other) = (fixture.process().await, fixture.process().await);
    let all = [listen(&one, &fixture), listen(&other, &fixture)];
    for heard in &all {
        fixture.until("connected", async || heard.all() == [0]).await;
    }
    fixture.count("a").await;
    for heard in &all {
        fixture.until("heard", async || heard.all() == [0, 1]).await;
    }
    one.crash().await;
    other.crash().await;
    fixture.remove().await;
}
