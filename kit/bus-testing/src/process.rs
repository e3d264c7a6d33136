//! The processes that a story takes place in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit_bus::{
    Applied, Bus, BusDeps, BusMetrics, BusSettings, Carriers, Delivery, Envelope, Failure, GroupHandle,
    Inbox, Source, Sources, SourcesDeps,
};
use kit_db::{Db, DbSettings, DbTarget, StoreError, Tx};
use kit_runtime::{Clock, Ids, Lifecycle, Readiness, Shutdown, ShutdownLimits};
use kit_telemetry::Tracer;
use kit_testing::db::deps;

use crate::events::{Counted, TOPICS};
use crate::fixture::{BusFixture, CONSUMER, DEADLINE, Effect, GROUP, MIGRATIONS, PRODUCER, WAIT, note};

/// A process that listens.
pub struct Process {
    /// Its tasks.
    pub lifecycle: Lifecycle,
    /// The consumer's database.
    pub db: Db,
    /// The consumer's bus.
    pub bus: Bus,
    /// The logs, as it reads them.
    pub sources: Sources,
}

/// What a process is made of.
pub struct Setup {
    /// How its buses behave.
    pub settings: BusSettings,
    /// How often to look at logs without having been woken.
    pub poll: Duration,
    /// The producer's commits, where the producer runs in it.
    pub published: Option<tokio::sync::watch::Receiver<u64>>,
    /// Where it is measured, if anywhere.
    pub metrics: Option<BusMetrics>,
    /// Where the steps of handlers go.
    pub tracer: Tracer,
    /// How events travel.
    pub carriers: Carriers,
}

impl Setup {
    fn sources(&self, producer: DbTarget, consumer: DbTarget, lifecycle: &Lifecycle) -> Sources {
        let sources = vec![
            Source {
                service: PRODUCER,
                topics: TOPICS,
                target: producer,
                published: self.published.clone(),
            },
            Source {
                service: CONSUMER,
                topics: &[],
                target: consumer,
                published: None,
            },
        ];
        let deps = SourcesDeps {
            tasks: lifecycle.tasks(),
            metrics: self.metrics.clone(),
            poll: self.poll,
        };
        Sources::open_carried(sources, Vec::new(), self.carriers.clone(), deps).unwrap()
    }

    fn bus(self, db: Db, sources: Sources, lifecycle: &Lifecycle) -> Bus {
        Bus::new(BusDeps {
            db,
            sources,
            tasks: lifecycle.tasks(),
            clock: Clock::system(),
            ids: Ids::system(),
            metrics: self.metrics,
            tracer: self.tracer,
            settings: self.settings,
        })
    }
}

/// A process that the producer runs in, and with it its relays.
pub struct Relaying {
    /// Its tasks.
    pub lifecycle: Lifecycle,
    /// The producer's bus.
    pub bus: Bus,
}

impl Relaying {
    /// With the producer's database, which it keeps open.
    pub fn start(db: Db, producer: DbTarget, consumer: DbTarget, setup: Setup) -> Self {
        let lifecycle = Lifecycle::new();
        let sources = setup.sources(producer, consumer, &lifecycle);
        let bus = setup.bus(db, sources, &lifecycle);
        Self { lifecycle, bus }
    }

    /// Ends like a crash: nothing is given back.
    pub async fn crash(self) {
        self.lifecycle.end().await;
    }
}

impl Process {
    /// Opens the consumer's database, and listens to nothing yet.
    pub async fn start(producer: DbTarget, consumer: DbTarget, setup: Setup) -> Self {
        let lifecycle = Lifecycle::new();
        let mut settings = DbSettings::new(CONSUMER, consumer.clone());
        settings.wait_limit = WAIT;
        let db = Db::open(settings, &MIGRATIONS, &deps(&lifecycle)).await.unwrap();
        let sources = setup.sources(producer, consumer, &lifecycle);
        let bus = setup.bus(db.clone(), sources.clone(), &lifecycle);
        Self {
            lifecycle,
            db,
            bus,
            sources,
        }
    }

    /// Ends like a crash: nothing is given back.
    pub async fn crash(self) {
        self.lifecycle.end().await;
    }

    /// Ends in order: what it has done is written down, and what it has is given back.
    pub async fn finish(self) {
        let limits = ShutdownLimits {
            lame_duck: Duration::ZERO,
            hard_stop: DEADLINE,
        };
        let mut is_first = true;
        let signal = async || {
            if !std::mem::take(&mut is_first) {
                std::future::pending::<()>().await;
            }
        };
        let ended = self.lifecycle.run(&Readiness::new(), limits, signal).await;
        assert_eq!(ended, Shutdown::Clean);
    }

    /// Writes down what each event counted.
    pub fn keep_ledger<B>(&self, fixture: &BusFixture<B>) -> GroupHandle {
        let moved = fixture.moved.clone();
        self.listen(move |delivery, inbox| {
            let moved = moved.clone();
            async move {
                let noted = note(delivery.payload, inbox).await;
                moved.notify_one();
                noted
            }
        })
    }

    /// Writes events down, and keeps their envelopes.
    pub fn keep_envelopes<B>(&self, fixture: &BusFixture<B>) -> Arc<Mutex<Vec<Envelope>>> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (envelopes, moved) = (kept.clone(), fixture.moved.clone());
        self.listen(move |delivery, inbox| {
            envelopes.lock().unwrap().push(delivery.envelope);
            let moved = moved.clone();
            async move {
                let noted = note(delivery.payload, inbox).await;
                moved.notify_one();
                noted
            }
        });
        kept
    }

    /// Starts a second group of the same service, which only counts.
    pub fn listen_as(&self, name: &'static str) -> Arc<Mutex<Vec<Effect>>> {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = heard.clone();
        let handler = move |delivery: Delivery<Counted>, inbox: Inbox| {
            let ear = ear.clone();
            async move {
                let counted = delivery.payload;
                let applied = inbox.apply(async move |_: &mut Tx| Ok::<_, StoreError>(()));
                if let Applied::Now(()) = applied.await? {
                    ear.lock().unwrap().push((counted.key, counted.number));
                }
                Ok(())
            }
        };
        self.bus.group(name).on::<Counted>(handler).start().unwrap();
        heard
    }

    /// Starts the group with a handler.
    pub fn listen<Fut>(
        &self,
        handler: impl Fn(Delivery<Counted>, Inbox) -> Fut + Send + Sync + 'static,
    ) -> GroupHandle
    where
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.bus.group(GROUP).on::<Counted>(handler).start().unwrap()
    }
}
