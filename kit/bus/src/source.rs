//! The logs of all services, as this process reads them.
//!
//! Made once a process and shared by its buses, so that each log has one head and one poll however many groups
//! listen to it, and each PostgreSQL database one small pool and one listening connection however many schemas.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kit_db::{DbSettings, DbTarget, OpenError, ReadDb};
use kit_event::Topic;
use kit_runtime::{Stop, Tasks};
use tokio::sync::watch;

use crate::bus::BusError;
use crate::carrier::Carriers;
use crate::head::{Head, Look};
use crate::log::Log;
use crate::metrics::{BusMetrics, HeadMetrics};
use crate::wake::{Signals, Wake};

/// Connections to a SQLite file or a PostgreSQL database.
const CONNECTIONS: usize = 2;

/// The pause after a log could not be read; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A service's database, as the others see it: its outbox is read by those who listen, its positions by those
/// who want to know who listens to them.
#[derive(Clone, Debug)]
pub struct Source {
    /// The service's name; positions are kept by it.
    pub service: &'static str,
    /// What it publishes. Empty for a service that only listens.
    pub topics: &'static [&'static Topic],
    /// Where its tables are. On PostgreSQL the role needs `SELECT` on `outbox` and `positions` there.
    pub target: DbTarget,
    /// [`kit_db::Db::published`] where the service runs in this process.
    pub published: Option<watch::Receiver<u64>>,
}

/// What the logs need of their process.
#[derive(Clone, Debug)]
pub struct SourcesDeps {
    /// Where heads are followed.
    pub tasks: Tasks,
    /// Where it is measured how they move, if anywhere.
    pub metrics: Option<BusMetrics>,
    /// How often to look without having been woken: a net under the wake-ups.
    pub poll: Duration,
}

/// The logs of all services. A cheap handle.
///
/// Every service belongs into it, those too that publish nothing, and the one that asks: rows are removed when
/// all of *these* have passed them, and what others do to parked events is heard by the service's name.
#[derive(Clone)]
pub struct Sources(Arc<Inner>);

struct Inner {
    by_service: HashMap<&'static str, Arc<Followed>>,
    /// Topics that are published where this process cannot read.
    out_of_reach: Vec<&'static Topic>,
    carriers: Carriers,
    wake: Wake,
    deps: SourcesDeps,
}

/// One log and its head.
struct Followed {
    service: &'static str,
    topics: &'static [&'static Topic],
    log: Log,
    target: DbTarget,
    published: Option<watch::Receiver<u64>>,
    /// Nothing before the first look.
    head: watch::Sender<Option<i64>>,
    has_follower: AtomicBool,
}

impl Sources {
    /// Makes the pools; connects to nothing yet.
    pub fn open(sources: Vec<Source>, deps: SourcesDeps) -> Result<Self, OpenError> {
        Self::open_within_reach(sources, Vec::new(), deps)
    }

    /// As [`Sources::open`], where some topics are published by a service whose log this process cannot read,
    /// such as a SQLite file of another machine. Whoever subscribes to them hears nothing of them, and the log
    /// says so.
    pub fn open_within_reach(
        sources: Vec<Source>,
        out_of_reach: Vec<&'static Topic>,
        deps: SourcesDeps,
    ) -> Result<Self, OpenError> {
        Self::open_carried(sources, out_of_reach, Carriers::embedded(), deps)
    }

    /// As [`Sources::open_within_reach`], where some topics come from brokers: those are heard wherever the
    /// broker is, whoever publishes them, and their producers' buses relay them there.
    pub fn open_carried(
        sources: Vec<Source>,
        out_of_reach: Vec<&'static Topic>,
        carriers: Carriers,
        deps: SourcesDeps,
    ) -> Result<Self, OpenError> {
        let mut pools: HashMap<String, ReadDb> = HashMap::new();
        let mut by_service = HashMap::new();
        for source in sources {
            let db = open(&mut pools, &source.target)?;
            let followed = Followed {
                service: source.service,
                topics: source.topics,
                log: Log::new(db),
                target: source.target,
                published: source.published,
                head: watch::Sender::new(None),
                has_follower: AtomicBool::new(false),
            };
            by_service.insert(source.service, Arc::new(followed));
        }
        Ok(Self(Arc::new(Inner {
            by_service,
            out_of_reach,
            carriers,
            wake: Wake::new(deps.tasks.clone()),
            deps,
        })))
    }

    pub(crate) fn carriers(&self) -> &Carriers {
        &self.0.carriers
    }

    /// What a service publishes, as far as it is known here.
    pub(crate) fn topics_of(&self, service: &str) -> &'static [&'static Topic] {
        let followed = self.0.by_service.get(service);
        followed.map_or(&[], |followed| followed.topics)
    }

    /// In whose log a topic is; nobody within reach where that is known.
    pub(crate) fn of_topic(&self, topic: &'static str) -> Result<Option<&'static str>, BusError> {
        let mut all = self.0.by_service.values();
        let is_it = |known: &&Topic| known.name == topic;
        if let Some(found) = all.find(|followed| followed.topics.iter().any(is_it)) {
            return Ok(Some(found.service));
        }
        if self.0.out_of_reach.iter().any(is_it) {
            return Ok(None);
        }
        Err(BusError::NoSource { topic })
    }

    pub(crate) fn services(&self) -> Vec<&'static str> {
        let mut services: Vec<_> = self.0.by_service.keys().copied().collect();
        services.sort_unstable();
        services
    }

    pub(crate) fn log(&self, service: &str) -> Option<Log> {
        self.0
            .by_service
            .get(service)
            .map(|followed| followed.log.clone())
    }

    /// A log and its head, which moves from now on.
    pub(crate) fn follow(&self, service: &str) -> Option<(Log, watch::Receiver<Option<i64>>)> {
        let source = self.0.by_service.get(service)?;
        let head = source.head.subscribe();
        if !source.has_follower.swap(true, Ordering::SeqCst) {
            let signals = self.0.wake.of_outbox(&source.target);
            let (followed, deps) = (source.clone(), self.0.deps.clone());
            self.0.deps.tasks.supervise("bus.head", move |stop| {
                let task = Follower {
                    followed: followed.clone(),
                    signals: signals.clone(),
                    published: followed.published.clone(),
                    poll: deps.poll,
                    metrics: HeadMetrics {
                        metrics: deps.metrics.clone(),
                        source: followed.service,
                    },
                };
                async move {
                    task.run(&stop).await;
                    Ok(())
                }
            });
        }
        Some((source.log.clone(), head))
    }

    /// What others do to the parked events of a service.
    pub(crate) fn parked_signals(&self, service: &str) -> Signals {
        match self.0.by_service.get(service) {
            Some(followed) => self.0.wake.of_parked(&followed.target),
            None => Signals::none(),
        }
    }
}

fn open(pools: &mut HashMap<String, ReadDb>, target: &DbTarget) -> Result<ReadDb, OpenError> {
    let key = match target {
        DbTarget::Sqlite { file } => file.display().to_string(),
        DbTarget::Postgres { url, .. } => url.expose().clone(),
    };
    let pool = if let Some(pool) = pools.get(&key) {
        pool.clone()
    } else {
        let mut settings = DbSettings::new("bus", target.clone());
        settings.readers = CONNECTIONS;
        let pool = ReadDb::open(&settings)?;
        pools.insert(key, pool.clone());
        pool
    };
    match target {
        DbTarget::Sqlite { .. } => Ok(pool),
        DbTarget::Postgres { schema, .. } => pool.in_schema(schema),
    }
}

/// Moves a head for as long as the process lives.
struct Follower {
    followed: Arc<Followed>,
    signals: Signals,
    published: Option<watch::Receiver<u64>>,
    poll: Duration,
    metrics: HeadMetrics,
}

impl Follower {
    async fn run(mut self, stop: &Stop) {
        let mut head = Head::new(self.followed.log.clone());
        let mut pause = FIRST_PAUSE;
        while !stop.is_requested() {
            // Marked before looking, so that what comes meanwhile wakes us.
            self.signals.mark();
            if let Some(published) = &mut self.published {
                published.mark_unchanged();
            }
            let wait = match head.look().await {
                Ok(Look::Clear) => {
                    pause = FIRST_PAUSE;
                    self.metrics.held(Duration::ZERO);
                    self.poll
                }
                Ok(Look::Held { pause, since }) => {
                    self.metrics.held(since);
                    pause
                }
                Err(error) => {
                    tracing::warn!(source = self.followed.service, %error, "a log cannot be read");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    pause
                }
            };
            self.followed.head.send_if_modified(|known| {
                let moved = *known != head.position();
                *known = head.position();
                moved
            });
            tokio::select! {
                () = stop.requested() => {}
                () = changed(&mut self.published) => {}
                () = self.signals.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

async fn changed(published: &mut Option<watch::Receiver<u64>>) {
    let gone = match published {
        Some(receiver) => receiver.changed().await.is_err(),
        None => std::future::pending().await,
    };
    if gone {
        // The service has let go of its database; others may still write to it.
        *published = None;
    }
}
