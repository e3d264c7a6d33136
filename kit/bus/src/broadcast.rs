//! A broadcast: reaches every process that listens, from the moment it does.
//!
//! For what a process keeps in memory. It has no inbox and no position: whenever it connects, at the beginning
//! and after each interruption, it takes the head of the logs, lets its owner load what is true by now
//! ([`Broadcast::connected`]), and then delivers what came meanwhile and what comes. So an event may tell what
//! the loaded state holds already, but none is missed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, select_all};
use kit_db::Event;
use kit_runtime::{Stop, TaskError};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::bus::{Bus, BusError};
use crate::envelope::Record;
use crate::failure::Failure;
use crate::handler::{Listener, Listening, Routes, listening};
use crate::lease;
use crate::log::{Log, Wanted};

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
    name: &'static str,
    routes: Result<Routes<Listening>, BusError>,
    connected: Arc<Hook>,
}

impl Broadcast {
    pub(crate) fn new(bus: Bus, name: &'static str) -> Self {
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
            routes.add::<E>(listening(listener))?;
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
        let deps = &self.bus.0.deps;
        let mut streams = Vec::new();
        for (source, topics) in self.bus.by_source(self.name, &routes.topics())? {
            let (log, head) = deps
                .sources
                .follow(source)
                .ok_or(BusError::NoSource { topic: source })?;
            streams.push((log, head, routes.only(&topics)));
        }
        let (bus, name, connected) = (self.bus.clone(), self.name, self.connected);
        let streams = Arc::new(streams);
        deps.tasks.supervise("bus.broadcast", move |stop| {
            let streams = streams.iter().map(|(log, head, routes)| Stream {
                log: log.clone(),
                head: head.clone(),
                wanted: Wanted {
                    topics: routes.topics(),
                    types: routes.types(),
                    partitions: lease::partitions().collect(),
                },
                cursor: 0,
            });
            let feed = Feed {
                bus: bus.clone(),
                name,
                routes: routes.clone(),
                connected: connected.clone(),
                streams: streams.collect(),
            };
            async move { feed.run(&stop).await }
        });
        Ok(())
    }
}

/// One source of a broadcast.
struct Stream {
    log: Log,
    head: watch::Receiver<Option<i64>>,
    wanted: Wanted,
    cursor: i64,
}

struct Feed {
    bus: Bus,
    name: &'static str,
    routes: Arc<Routes<Listening>>,
    connected: Arc<Hook>,
    streams: Vec<Stream>,
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
                    broadcast = self.name,
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
        for stream in &mut self.streams {
            let head = stream.head.wait_for(Option::is_some).await?;
            stream.cursor = head.unwrap_or_default();
        }
        (self.connected)().await?;
        if self.streams.is_empty() {
            // Every source is out of reach, so nothing ever comes.
            return std::future::pending().await;
        }
        let clock = self.bus.0.deps.clock.clone();
        let mut last = clock.now();
        loop {
            for index in 0..self.streams.len() {
                self.deliver_new(index).await?;
            }
            let moved = self
                .streams
                .iter_mut()
                .map(|stream| stream.head.changed().boxed());
            tokio::select! {
                (moved, _, _) = select_all(moved) => moved?,
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
        let limit = self.bus.0.settings.page;
        loop {
            let stream = &mut self.streams[index];
            let head = stream.head.borrow_and_update().unwrap_or_default();
            if stream.cursor >= head {
                return Ok(());
            }
            let page = stream
                .log
                .page(stream.cursor, head, &stream.wanted, limit)
                .await?;
            stream.cursor = page.upto;
            for record in &page.records {
                self.deliver(record).await;
            }
        }
    }

    async fn deliver(&self, record: &Record) {
        let Some(listening) = self.routes.find(record) else {
            return;
        };
        let listening = record.envelope().and_then(|envelope| listening(record, envelope));
        let (name, id, kind) = (self.name, &record.id, &record.kind);
        let running = match listening {
            Ok(running) => AssertUnwindSafe(running).catch_unwind(),
            Err(failure) => {
                tracing::error!(broadcast = name, id, kind, reason = failure.reason, "left out");
                return;
            }
        };
        match tokio::time::timeout(self.bus.0.settings.handler_limit, running).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!(broadcast = name, id, kind, "a listener panicked"),
            Err(_) => tracing::error!(broadcast = name, id, kind, "a listener ran for too long"),
        }
    }
}
