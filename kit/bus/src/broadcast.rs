//! A broadcast: reaches every process that listens, from the moment it does.
//!
//! For what a process keeps in memory. It has no inbox and no position: whenever it connects, at the beginning
//! and after each interruption, it begins at the end of what there is, lets its owner load what is true by now
//! ([`Broadcast::connected`]), and then delivers what came meanwhile and what comes. So an event may tell what
//! the loaded state holds already, but none is missed.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, select_all};
use kit_event::Event;
use kit_runtime::{Stop, TaskError};
use kit_telemetry::Span;
use serde::de::DeserializeOwned;

use crate::bus::{Bus, BusError, Plan};
use crate::carrier::{Record, Tail};
use crate::failure::Failure;
use crate::handler::{ErasedListener, Listener, Routes, erase_listener};
use crate::lease;
use crate::log::LogFilter;
use crate::log_tail::LogTail;
use crate::span::{Step, begin_step, end_step};

/// The pause before connecting again.
const PAUSE: Duration = Duration::from_millis(500);

/// How often to look whether the process was suspended, and how long that may have lasted.
const TICK: Duration = Duration::from_mins(1);
const SUSPENDED: Duration = Duration::from_mins(10);

type Hook = dyn Fn() -> BoxFuture<'static, Result<(), Failure>> + Send + Sync;

/// A broadcast being put together; made by [`Bus::broadcast`].
#[must_use = "a broadcast hears nothing until it is started"]
pub struct Broadcast {
    bus: Bus,
    name: Cow<'static, str>,
    routes: Result<Routes<ErasedListener>, BusError>,
    connected: Arc<Hook>,
}

impl Broadcast {
    pub(crate) fn new(bus: Bus, name: Cow<'static, str>) -> Self {
        Self {
            bus,
            name,
            routes: Ok(Routes::default()),
            connected: Arc::new(|| std::future::ready(Ok(())).boxed()),
        }
    }

    /// Hears events of this type, one after the other. An event that cannot be read is logged and left out.
    pub fn on<E>(mut self, listener: impl Listener<E>) -> Self
    where
        E: Event + DeserializeOwned + Send + 'static,
    {
        self.routes = self.routes.and_then(|mut routes| {
            routes.add::<E>(erase_listener(listener))?;
            Ok(routes)
        });
        self
    }

    /// Runs each time the broadcast has connected, before the first event is delivered: load here what events
    /// change. If it fails the broadcast connects again.
    pub fn connected<Fut>(mut self, hook: impl Fn() -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.connected = Arc::new(move || hook().boxed());
        self
    }

    /// Begins to deliver, until the process stops.
    pub fn start(self) -> Result<(), BusError> {
        let routes = Arc::new(self.routes?);
        if routes.is_empty() {
            return Err(BusError::Nothing { name: self.name });
        }
        let plan = self.bus.plan(&self.name, &routes.topics())?;
        let (bus, name, connected) = (self.bus.clone(), self.name, self.connected);
        bus.unconnected(1);
        self.bus.0.deps.tasks.supervise("bus.broadcast", move |stop| {
            let feed = Feed {
                dispatcher: Dispatcher {
                    bus: bus.clone(),
                    name: name.clone(),
                    routes: routes.clone(),
                },
                connected: connected.clone(),
                tails: tails(&bus, &plan, &routes),
            };
            async move { feed.run(&stop).await }
        });
        Ok(())
    }
}

/// One for each log and each broker.
fn tails(bus: &Bus, plan: &Plan, routes: &Routes<ErasedListener>) -> Vec<Box<dyn Tail>> {
    let mut tails: Vec<Box<dyn Tail>> = Vec::new();
    for (source, topics) in &plan.logs {
        if let Some((log, head)) = bus.0.deps.sources.follow(source) {
            let only = routes.only(topics);
            tails.push(Box::new(LogTail {
                log,
                head,
                filter: LogFilter {
                    topics: only.topics(),
                    types: Some(only.types()),
                    partitions: lease::partitions().collect(),
                },
                page: bus.0.deps.settings.page,
                cursor: 0,
            }));
        }
    }
    tails.extend(plan.brokers.iter().map(|(broker, topics)| broker.0.tail(topics)));
    tails
}

/// Who hears an event.
struct Dispatcher {
    bus: Bus,
    name: Cow<'static, str>,
    routes: Arc<Routes<ErasedListener>>,
}

/// A broadcast that has heard what came while it connected, and hears what comes.
struct Connected(Bus);

impl Connected {
    fn new(bus: &Bus) -> Self {
        bus.unconnected(-1);
        Self(bus.clone())
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.unconnected(1);
    }
}

struct Feed {
    dispatcher: Dispatcher,
    connected: Arc<Hook>,
    tails: Vec<Box<dyn Tail>>,
}

impl Feed {
    async fn run(mut self, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            let ended = tokio::select! {
                () = stop.requested() => return Ok(()),
                ended = self.connection() => ended,
            };
            if let Err(failure) = ended {
                tracing::warn!(
                    broadcast = &*self.dispatcher.name,
                    reason = failure.reason,
                    "a broadcast is interrupted"
                );
            }
            stop.sleep(PAUSE).await;
        }
        Ok(())
    }

    /// From a connect to the next interruption.
    async fn connection(&mut self) -> Result<(), Failure> {
        for tail in &mut self.tails {
            tail.begin().await?;
        }
        (self.connected)().await?;
        let clock = self.dispatcher.bus.0.deps.clock.clone();
        let mut last = clock.now();
        let mut connected = None;
        loop {
            for index in 0..self.tails.len() {
                self.deliver_new(index).await?;
            }
            connected.get_or_insert_with(|| Connected::new(&self.dispatcher.bus));
            if self.tails.is_empty() {
                // Every source is out of reach, so nothing ever comes.
                return std::future::pending().await;
            }
            let changed = self.tails.iter_mut().map(|tail| tail.changed());
            tokio::select! {
                (changed, _, _) = select_all(changed) => changed?,
                () = tokio::time::sleep(TICK) => {}
            }
            // Rows may have been removed meanwhile.
            if clock.now().since(last) > SUSPENDED {
                return Err(Failure::again("the process was suspended"));
            }
            last = clock.now();
        }
    }

    async fn deliver_new(&mut self, index: usize) -> Result<(), Failure> {
        loop {
            let records = self.tails[index].take().await?;
            if records.is_empty() {
                return Ok(());
            }
            for record in &records {
                self.dispatcher.deliver(record).await;
            }
        }
    }
}

impl Dispatcher {
    async fn deliver(&self, record: &Record) {
        let Some(listener) = self.routes.find(record) else {
            return;
        };
        let mut step = Span::default();
        let handled = record.envelope().and_then(|mut envelope| {
            step = begin_step(self.step(), &mut envelope);
            listener(record, envelope)
        });
        let (name, id, kind) = (&*self.name, &record.id, &record.kind);
        let running = match handled {
            Ok(running) => AssertUnwindSafe(running).catch_unwind(),
            Err(failure) => {
                tracing::error!(broadcast = name, id, kind, reason = failure.reason, "left out");
                return end_step(step, Some(&failure));
            }
        };
        let failure = match tokio::time::timeout(self.bus.0.deps.settings.handler_limit, running).await {
            Ok(Ok(())) => None,
            Ok(Err(_)) => Some("a listener panicked"),
            Err(_) => Some("a listener ran for too long"),
        };
        if let Some(what) = failure {
            tracing::error!(broadcast = name, id, kind, "{what}");
        }
        end_step(step, failure.map(Failure::never).as_ref());
    }

    fn step(&self) -> Step<'_> {
        Step {
            tracer: &self.bus.0.deps.tracer,
            service: self.bus.0.deps.db.service(),
            consumer: &self.name,
            attempt: 1,
        }
    }
}
