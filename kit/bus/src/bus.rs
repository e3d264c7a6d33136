//! The bus of one service: what it listens to, with its own database.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use kit_db::{Db, StoreError};
use kit_event::Topic;
use kit_runtime::{Clock, Ids, TaskScope, Tasks};
use kit_telemetry::Tracer;
use thiserror::Error;
use tokio::sync::{Notify, watch};

use crate::admin::Admin;
use crate::broadcast::Broadcast;
use crate::carrier::Broker;
use crate::group::Group;
use crate::lease::{Keeper, Leases};
use crate::metrics::BusMetrics;
use crate::settings::BusSettings;
use crate::source::Sources;
use crate::wake;
use crate::{relay, retention};

/// Why a subscription cannot begin. Each is a defect of the program or its wiring.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BusError {
    /// No source publishes it.
    #[error("nobody publishes the topic `{topic}`")]
    NoSource {
        /// The topic.
        topic: &'static str,
    },
    /// A type has two handlers.
    #[error("events of type `{kind}` are handled twice")]
    HandledTwice {
        /// The type.
        kind: &'static str,
    },
    /// A group's name is taken in this process.
    #[error("the group `{name}` is started twice")]
    StartedTwice {
        /// The group.
        name: Cow<'static, str>,
    },
    /// No handler.
    #[error("`{name}` listens to nothing")]
    Nothing {
        /// The group or broadcast.
        name: Cow<'static, str>,
    },
}

/// What a bus needs of its service and its process.
#[derive(Clone)]
pub struct BusDeps {
    /// The service's own database: its effects, and the bus's tables beside them.
    pub db: Db,
    /// The logs of all services.
    pub sources: Sources,
    /// Where handlers run.
    pub tasks: Tasks,
    /// The time of leases, retries and retention.
    pub clock: Clock,
    /// Names of lease holders, and the jitter of retries.
    pub ids: Ids,
    /// Where events are counted, if anywhere.
    pub metrics: Option<BusMetrics>,
    /// Where the steps go that handlers are.
    pub tracer: Tracer,
    /// How it behaves.
    pub settings: BusSettings,
}

/// The bus of one service. A cheap handle.
#[derive(Clone)]
pub struct Bus(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) deps: BusDeps,
    /// Counts what is done to parked events from outside.
    pub(crate) parked: watch::Sender<u64>,
    /// The groups of this process, by name.
    groups: Mutex<HashMap<String, TaskScope>>,
    /// How many broadcasts of this process are not connected.
    unconnected: watch::Sender<i64>,
    /// How keepers of leases are made to look.
    looks: Mutex<Vec<Weak<Notify>>>,
    /// Where the next removal of old rows begins to look.
    pub(crate) trimmed: AtomicI64,
}

/// Where a subscription's events come from.
#[derive(Default)]
pub(crate) struct Plan {
    /// Topics by the service whose log has them.
    pub(crate) logs: BTreeMap<&'static str, Vec<&'static Topic>>,
    pub(crate) brokers: Vec<(Broker, Vec<&'static Topic>)>,
}

impl Plan {
    fn add(&mut self, broker: &Broker, topic: &'static Topic) {
        let mut known = self.brokers.iter_mut();
        match known.find(|(known, _)| known.name() == broker.name()) {
            Some((_, topics)) => topics.push(topic),
            None => self.brokers.push((broker.clone(), vec![topic])),
        }
    }
}

impl Bus {
    /// Makes the bus of a service, and begins what it does for others: on PostgreSQL it tells other processes
    /// when the service publishes, it relays to brokers what is configured so, and everywhere it removes rows
    /// of the outbox that nobody needs any more.
    pub fn new(deps: BusDeps) -> Self {
        wake::announce(&deps.tasks, &deps.db);
        let bus = Self(Arc::new(Inner {
            parked: watch::Sender::new(0),
            groups: Mutex::default(),
            unconnected: watch::Sender::new(0),
            looks: Mutex::default(),
            trimmed: AtomicI64::new(0),
            deps,
        }));
        retention::start(&bus);
        relay::start(&bus);
        bus
    }

    /// Begins a group: each event reaches one of its processes, and its effect happens once. The name is the
    /// consumer's in the tables, for ever; a new name begins from the beginning.
    pub fn group(&self, name: impl Into<Cow<'static, str>>) -> Group {
        Group::new(self.clone(), name.into())
    }

    /// Begins a broadcast: each event reaches every process that listens, from the moment it does.
    pub fn broadcast(&self, name: impl Into<Cow<'static, str>>) -> Broadcast {
        Broadcast::new(self.clone(), name.into())
    }

    /// Waits until every broadcast begun so far is connected and has delivered what came meanwhile: what is kept in
    /// memory from then on hears of changes, and of nothing older.
    pub async fn connected(&self) {
        let mut unconnected = self.0.unconnected.subscribe();
        // The sender is this bus's own.
        let _ = unconnected.wait_for(|broadcasts| *broadcasts == 0).await;
    }

    /// So many broadcasts more are not connected.
    pub(crate) fn unconnected(&self, more: i64) {
        let deps = &self.0.deps;
        self.0.unconnected.send_modify(|broadcasts| {
            *broadcasts += more;
            if let Some(metrics) = &deps.metrics {
                metrics.unconnected(deps.db.service(), *broadcasts);
            }
        });
    }

    /// For operators: this service's consumers and dead letters.
    pub fn admin(&self) -> Admin {
        Admin::of_bus(self)
    }

    /// Removes rows of the service's outbox that are old enough and that every known consumer has passed; how
    /// many. Runs by itself once in a while.
    pub async fn trim(&self) -> Result<u64, StoreError> {
        retention::trim(self).await
    }

    /// Where the events of these topics come from.
    pub(crate) fn plan(&self, name: &str, topics: &[&'static Topic]) -> Result<Plan, BusError> {
        let sources = &self.0.deps.sources;
        let mut plan = Plan::default();
        for topic in topics {
            if let Some(broker) = sources.carriers().of_topic(topic.name) {
                plan.add(broker, topic);
            } else if let Some(source) = sources.of_topic(topic.name)? {
                plan.logs.entry(source).or_default().push(topic);
            } else {
                tracing::warn!(
                    subscription = name,
                    topic = topic.name,
                    "its events are not heard: the log of who publishes it is out of reach"
                );
            }
        }
        Ok(plan)
    }

    /// Takes and keeps leases of a scope in the service's database, for as long as these tasks may run.
    pub(crate) fn keep(&self, tasks: &Tasks, scope: String, count: usize, holder: &str) -> Leases {
        let deps = &self.0.deps;
        let leases = Leases::new();
        let keeper = Keeper {
            scope,
            count: i64::try_from(count).unwrap_or(i64::MAX),
            holder: holder.to_owned(),
            db: deps.db.clone(),
            clock: deps.clock.clone(),
            span: deps.settings.lease,
            leases: leases.clone(),
            is_new: true,
        };
        tasks.supervise("bus.leases", move |stop| {
            let keeper = keeper.clone();
            async move { keeper.run(&stop).await }
        });
        let mut looks = self.0.looks();
        looks.retain(|look| look.strong_count() > 0);
        looks.push(leases.look());
        leases
    }

    /// Takes a group's name, which is free until there is one, and again when it has ended.
    pub(crate) fn claim(&self, name: &str) -> Result<TaskScope, BusError> {
        let mut groups = self.0.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.retain(|_, group| !group.has_ended());
        if groups.contains_key(name) {
            let name = name.to_owned().into();
            return Err(BusError::StartedTwice { name });
        }
        let scope = self.0.deps.tasks.scope();
        groups.insert(name.to_owned(), scope.clone());
        Ok(scope)
    }
}

impl Inner {
    /// Something was changed from outside: parked events, or positions.
    pub(crate) fn look_again(&self) {
        self.parked.send_modify(|count| *count += 1);
        for look in self.looks().iter().filter_map(Weak::upgrade) {
            look.notify_one();
        }
    }

    fn looks(&self) -> MutexGuard<'_, Vec<Weak<Notify>>> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bus({})", self.0.deps.db.service())
    }
}
