//! A group: gets each event once, whatever the number of its processes.

use std::sync::Arc;

use kit_db::Event;
use serde::de::DeserializeOwned;

use crate::bus::{Bus, BusError};
use crate::handler::{Handler, Handling, Routes, handling};
use crate::lane::Context;
use crate::lease::{Keeper, Leases};
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
        let by_source = self.bus.by_source(self.name, &routes.topics())?;
        self.bus.claim(self.name)?;
        let leases = Leases::new();
        let inner = &self.bus.0;
        let holder = inner.deps.ids.uuid().to_string();
        let (deps, group, kept, holding) = (inner.deps.clone(), self.name, leases.clone(), holder.clone());
        inner.deps.tasks.supervise("bus.leases", move |stop| {
            let keeper = Keeper {
                group,
                holder: holding.clone(),
                db: deps.db.clone(),
                clock: deps.clock.clone(),
                span: deps.settings.lease,
                leases: kept.clone(),
                is_new: true,
            };
            async move { keeper.run(&stop).await }
        });
        inner.add_leases(leases.clone());
        for (source, topics) in by_source {
            self.pump(source, routes.only(&topics), &holder, &leases)?;
        }
        Ok(())
    }

    fn pump(
        &self,
        source: &'static str,
        routes: Routes<Handling>,
        holder: &str,
        leases: &Leases,
    ) -> Result<(), BusError> {
        let inner = &self.bus.0;
        let deps = &inner.deps;
        let (log, head) = deps
            .sources
            .follow(source)
            .ok_or(BusError::NoSource { topic: source })?;
        let context = Arc::new(Context {
            consumer: self.name,
            source,
            holder: holder.to_owned(),
            db: deps.db.clone(),
            routes,
            settings: self.settings.clone(),
            tasks: deps.tasks.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            metrics: SubscriptionMetrics::new(deps.metrics.clone(), self.name, source),
            wake: tokio::sync::Notify::new(),
        });
        let (bus, leases, parked_here) = (self.bus.clone(), leases.clone(), inner.parked.subscribe());
        let parked_elsewhere = deps.sources.parked_signals(deps.db.service());
        deps.tasks.supervise("bus.pump", move |stop| {
            let pump = Pump {
                _bus: bus.clone(),
                context: context.clone(),
                log: log.clone(),
                head: head.clone(),
                leases: leases.clone(),
                parked_here: parked_here.clone(),
                parked_elsewhere: parked_elsewhere.clone(),
            };
            async move { pump.run(&stop).await }
        });
        Ok(())
    }
}
