//! A group: gets each event once, whatever the number of its processes.

use std::borrow::Cow;
use std::sync::Arc;

use kit_event::{Event, Topic};
use kit_runtime::{TaskScope, Tasks};
use serde::de::DeserializeOwned;

use crate::bus::{Bus, BusError};
use crate::carrier::Feed;
use crate::handler::{ErasedHandler, Handler, Routes, erase_handler};
use crate::lease::{Leases, partitions, scope_of};
use crate::log::LogFilter;
use crate::log_feed::LogFeed;
use crate::metrics::SubscriptionMetrics;
use crate::processor::{Context, Positions};
use crate::pump::Pump;
use crate::settings::BusSettings;

/// A group being put together; made by [`Bus::group`].
#[must_use = "a group hears nothing until it is started"]
pub struct Group {
    bus: Bus,
    name: Cow<'static, str>,
    routes: Result<Routes<ErasedHandler>, BusError>,
    settings: BusSettings,
}

impl Group {
    pub(crate) fn new(bus: Bus, name: Cow<'static, str>) -> Self {
        Self {
            settings: bus.0.deps.settings.clone(),
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

    /// How many effects of one partition of one source are committed together at most. One, for a group whose effects
    /// hold rows that others hold too: what is held for several events in one transaction is held in no order.
    pub fn committed_together(mut self, effects: usize) -> Self {
        self.settings.effects = effects.max(1);
        self
    }

    /// Handles events of this type; all others of its topic are ignored.
    pub fn on<E>(mut self, handler: impl Handler<E>) -> Self
    where
        E: Event + DeserializeOwned + Send + 'static,
    {
        self.routes = self.routes.and_then(|mut routes| {
            routes.add::<E>(erase_handler(handler))?;
            Ok(routes)
        });
        self
    }

    /// Begins to deliver: where the group was, or, for a new one, at the beginning of what the logs still
    /// hold. Delivers until the process stops, or [`GroupHandle::stop`].
    pub fn start(mut self) -> Result<GroupHandle, BusError> {
        let routes = std::mem::replace(&mut self.routes, Ok(Routes::default()))?;
        if routes.is_empty() {
            return Err(BusError::Nothing { name: self.name });
        }
        let plan = self.bus.plan(&self.name, &routes.topics())?;
        let scope = self.bus.claim(&self.name)?;
        let holder = self.bus.0.deps.ids.uuid().to_string();
        let count = partitions().count();
        let leases = self.bus.keep(scope.tasks(), scope_of(&self.name), count, &holder);
        let mut subscription = Subscription {
            holder,
            bus: self.bus,
            group: self.name,
            tasks: scope.tasks().clone(),
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
        Ok(GroupHandle(scope))
    }
}

/// A group at work in this process. Dropping it changes nothing.
#[derive(Debug)]
pub struct GroupHandle(TaskScope);

impl GroupHandle {
    /// Ends the group in this process: what handlers have begun is finished and written down, and what the process
    /// had of the group's work is given back, for others to go on with. Returns when that is done; from then on a
    /// group of this name can be started again, here too. A handler that does not end is waited for as long as it
    /// may take, and its effect is somebody else's by then.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

/// The part of a started group that one carrier feeds.
pub struct Subscription {
    bus: Bus,
    group: Cow<'static, str>,
    /// Where it runs.
    tasks: Tasks,
    settings: BusSettings,
    /// Its topics and types are what is wanted.
    routes: Arc<Routes<ErasedHandler>>,
    /// Who holds this process's leases.
    holder: String,
    /// The group's sixteen leases.
    leases: Leases,
}

impl Subscription {
    /// The service that listens.
    pub fn service(&self) -> &str {
        self.bus.0.deps.db.service()
    }

    /// The group's name.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The topics that are wanted.
    pub fn topics(&self) -> Vec<&'static Topic> {
        self.routes.topics()
    }

    /// Those of them that a service of ours publishes, wherever that runs: they have relays.
    pub fn relayed_topics(&self) -> Vec<&'static Topic> {
        let sources = &self.bus.0.deps.sources;
        let mut topics = self.topics();
        topics.retain(|topic| sources.of_topic(topic.name).is_ok());
        topics
    }

    /// Events to hand over at once, at most.
    pub fn page(&self) -> u32 {
        self.settings.page
    }

    /// Feeds the group from a source that keeps its events. How far the group is stands in its database, and its
    /// sixteen leases share the partitions out to its processes. Positions and parked events are kept by the
    /// source's name. A feed that fails is made anew.
    pub fn feed_stream<F: Feed + 'static>(
        &self,
        source: impl Into<Cow<'static, str>>,
        feed: impl Fn() -> F + Send + 'static,
    ) {
        let context = self.context(source.into(), scope_of(&self.group), Positions::Stored);
        self.start(&context, &self.leases, feed);
    }

    /// Feeds the group from a queue of a broker, which remembers what is not acknowledged. One process at a time
    /// has all of it, under a lease of its own; the others stand by. Parked events are kept by the source's name.
    /// A feed that fails is made anew.
    pub fn feed_queue<F: Feed + 'static>(
        &self,
        source: impl Into<Cow<'static, str>>,
        feed: impl Fn() -> F + Send + 'static,
    ) {
        let source = source.into();
        let scope = format!("{}/{source}", scope_of(&self.group));
        let leases = self.bus.keep(&self.tasks, scope.clone(), 1, &self.holder);
        let context = self.context(source, scope, Positions::Acknowledged);
        self.start(&context, &leases, feed);
    }

    /// What processors share. The source is what positions and parked events are kept by, and the scope says whose
    /// leases they work under.
    fn context(&self, source: Cow<'static, str>, scope: String, positions: Positions) -> Arc<Context> {
        let deps = &self.bus.0.deps;
        Arc::new(Context {
            consumer: self.group.clone(),
            source: source.clone(),
            scope,
            positions,
            holder: self.holder.clone(),
            db: deps.db.clone(),
            routes: self.routes.clone(),
            settings: self.settings.clone(),
            tasks: self.tasks.clone(),
            stop: self.tasks.stop(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            metrics: SubscriptionMetrics::new(deps.metrics.clone(), self.group.clone(), source),
            tracer: deps.tracer.clone(),
            wake: tokio::sync::Notify::new(),
        })
    }

    /// Starts a pump, and starts it again with a new feed whenever it fails.
    fn start<F: Feed + 'static>(
        &self,
        context: &Arc<Context>,
        leases: &Leases,
        feed: impl Fn() -> F + Send + 'static,
    ) {
        let inner = &self.bus.0;
        let parked_here = inner.parked.subscribe();
        let parked_elsewhere = inner.deps.sources.parked_signals(self.service());
        let (bus, context, leases) = (self.bus.clone(), context.clone(), leases.clone());
        self.tasks.supervise("bus.pump", move |stop| {
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
        let filter = LogFilter {
            topics: self.topics(),
            types: Some(self.routes.types()),
            partitions: Vec::new(),
        };
        let page = self.settings.page;
        self.feed_stream(source, move || LogFeed {
            log: log.clone(),
            head: head.clone(),
            filter: filter.clone(),
            page,
        });
        Ok(())
    }
}
