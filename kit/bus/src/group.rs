//! A group: gets each event once, whatever the number of its processes.

use std::borrow::Cow;
use std::sync::Arc;

use kit_event::{Event, Topic};
use serde::de::DeserializeOwned;

use crate::bus::{Bus, BusError};
use crate::feed::{Feed, Positions};
use crate::handler::{Handler, Handling, Routes, handling};
use crate::lane::Context;
use crate::lease::{Leases, partitions, scope_of};
use crate::log::Wanted;
use crate::log_feed::LogFeed;
use crate::metrics::SubscriptionMetrics;
use crate::pump::Pump;
use crate::settings::BusSettings;

/// A group being put together; made by [`Bus::group`].
#[must_use = "a group hears nothing until it is started"]
pub struct Group {
    bus: Bus,
    name: &'static str,
    routes: Result<Routes<Handling>, BusError>,
    settings: BusSettings,
}

impl Group {
    pub(crate) fn new(bus: Bus, name: &'static str) -> Self {
        Self {
            settings: (*bus.0.settings).clone(),
            bus,
            name,
            routes: Ok(Routes::default()),
        }
    }

    /// How many handlers of one partition of one source may run at once, for a group whose handlers call
    /// others.
    pub fn at_once(mut self, handlers: usize) -> Self {
        self.settings.concurrency = handlers.max(1);
        self
    }

    /// Handles events of this type; all others of its topic are ignored.
    pub fn on<E>(mut self, handler: impl Handler<E>) -> Self
    where
        E: Event + DeserializeOwned + Send + 'static,
    {
        self.routes = self.routes.and_then(|mut routes| {
            routes.add::<E>(handling(handler))?;
            Ok(routes)
        });
        self
    }

    /// Begins to deliver: where the group was, or, for a new one, at the beginning of what the logs still
    /// hold. Delivers until the process stops.
    pub fn start(mut self) -> Result<(), BusError> {
        let routes = std::mem::replace(&mut self.routes, Ok(Routes::default()))?;
        if routes.is_empty() {
            return Err(BusError::Nothing { name: self.name });
        }
        let plan = self.bus.plan(self.name, &routes.topics())?;
        self.bus.claim(self.name)?;
        let holder = self.bus.0.deps.ids.uuid().to_string();
        let leases = self.bus.keep(scope_of(self.name), partitions().count(), &holder);
        let mut subscription = Subscription {
            service: self.bus.0.deps.db.service().to_owned(),
            holder,
            bus: self.bus,
            group: self.name,
            settings: self.settings,
            routes: Arc::new(Routes::default()),
            leases,
        };
        for (source, topics) in plan.logs {
            subscription.routes = Arc::new(routes.only(&topics));
            subscription.read_log(source)?;
        }
        for (broker, topics) in plan.brokers {
            subscription.routes = Arc::new(routes.only(&topics));
            broker.0.subscribe(&subscription);
        }
        Ok(())
    }
}

/// The part of a started group that one carrier feeds.
pub(crate) struct Subscription {
    pub(crate) bus: Bus,
    /// The service that listens.
    pub(crate) service: String,
    pub(crate) group: &'static str,
    pub(crate) settings: BusSettings,
    /// Its topics and types are what is wanted.
    pub(crate) routes: Arc<Routes<Handling>>,
    /// Who holds this process's leases.
    pub(crate) holder: String,
    /// The group's sixteen leases, for whoever spreads partitions over the processes.
    pub(crate) leases: Leases,
}

impl Subscription {
    /// What lanes share. The source is what positions and parked events are kept by, and the scope says whose
    /// leases they work under ([`scope_of`] the group for its own).
    pub(crate) fn context(
        &self,
        source: Cow<'static, str>,
        scope: String,
        positions: Positions,
    ) -> Arc<Context> {
        let deps = &self.bus.0.deps;
        Arc::new(Context {
            consumer: self.group,
            source: source.clone(),
            scope,
            positions,
            holder: self.holder.clone(),
            db: deps.db.clone(),
            routes: self.routes.clone(),
            settings: self.settings.clone(),
            tasks: deps.tasks.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            metrics: SubscriptionMetrics::new(deps.metrics.clone(), self.group, source),
            wake: tokio::sync::Notify::new(),
        })
    }

    /// Its topics that a service of ours publishes, wherever that runs.
    pub(crate) fn ours(&self) -> Vec<&'static Topic> {
        let sources = &self.bus.0.deps.sources;
        let mut topics = self.routes.topics();
        topics.retain(|topic| sources.of_topic(topic.name).is_ok());
        topics
    }

    /// Starts a pump, and starts it again with a new feed whenever it fails.
    pub(crate) fn start<F>(
        &self,
        context: &Arc<Context>,
        leases: &Leases,
        feed: impl Fn() -> F + Send + 'static,
    ) where
        F: Feed + 'static,
    {
        let inner = &self.bus.0;
        let parked_here = inner.parked.subscribe();
        let parked_elsewhere = inner.deps.sources.parked_signals(&self.service);
        let (bus, context, leases) = (self.bus.clone(), context.clone(), leases.clone());
        inner.deps.tasks.supervise("bus.pump", move |stop| {
            let pump = Pump {
                _bus: bus.clone(),
                context: context.clone(),
                feed: feed(),
                leases: leases.clone(),
                parked_here: parked_here.clone(),
                parked_elsewhere: parked_elsewhere.clone(),
            };
            async move { pump.run(&stop).await }
        });
    }

    /// The embedded carrier.
    fn read_log(&self, source: &'static str) -> Result<(), BusError> {
        let follow = self.bus.0.deps.sources.follow(source);
        let (log, head) = follow.ok_or(BusError::NoSource { topic: source })?;
        let context = self.context(source.into(), scope_of(self.group), Positions::Stored);
        let wanted = Wanted {
            topics: self.routes.topics(),
            types: Some(self.routes.types()),
            partitions: Vec::new(),
        };
        let page = self.settings.page;
        self.start(&context, &self.leases, move || LogFeed {
            log: log.clone(),
            head: head.clone(),
            wanted: wanted.clone(),
            page,
        });
        Ok(())
    }
}
