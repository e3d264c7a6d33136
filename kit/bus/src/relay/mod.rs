//! The relay: carries what a service publishes from its outbox to the brokers.
//!
//! It is one more consumer by position. Each topic that comes from a broker has a position in the producer's own
//! database, and one process at a time, under one lease for the whole outbox, publishes the topic's rows in the
//! order of their positions, waits until the broker has confirmed them, and only then moves the position. What
//! it published and had not yet written down when it broke off goes out again, and inboxes make that harmless.
//!
//! A broker that fails or is away is tried again for ever, with growing pauses, while the outbox grows: rows
//! that a relay has not passed are not removed ([`names`]). Topics do not wait for each other.
//!
//! An event that nobody at the broker wants is passed all the same: the log still has it. A group that is new at
//! a broker which keeps nothing for groups to come gets from the log what that still holds, and is let into the
//! stream at the moment when it has caught up. So a new group begins where it would with a log that it can read,
//! and a queue that was lost with its broker is filled again.
//!
//! Invariant: a joining group is let in between two batches, when all that was published before has been sent to it,
//! so it gets every event in order, though perhaps more than once.

mod joining;
mod store;

use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use futures::FutureExt;
use kit_db::{Db, StoreError};
use kit_event::Topic;
use kit_runtime::{Clock, Ids, Stop, TaskError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::bus::Bus;
use crate::carrier::{Broker, Publisher, Sent};
use crate::lease::{Hold, Holds, Leases, partitions};
use crate::log::{Log, LogFilter, Page};
use crate::metrics::RelayMetrics;
use joining::JoiningGroups;

/// Whose lease all relays of an outbox work under.
pub(crate) const SCOPE: &str = "bus/relay";

/// The lease's number.
pub(crate) const LEASE: i64 = 0;

/// Rows that go out before the first of them must be confirmed.
const BATCH: u32 = 500;

/// The pause after trouble; it doubles, and half of it is random.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often a relay with nothing to do says that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_hours(1);

/// Begins to relay what the service publishes to brokers, where it publishes any.
pub(crate) fn start(bus: &Bus) {
    let deps = &bus.0.deps;
    let service = deps.db.service();
    let topics = carried(bus);
    if topics.is_empty() {
        return;
    }
    let holder = deps.ids.uuid().to_string();
    let leases = bus.keep(&deps.tasks, SCOPE.to_owned(), 1, &holder);
    for (topic, broker) in topics {
        let Some((log, head)) = deps.sources.follow(service) else {
            continue;
        };
        let route = Arc::new(Route {
            name: name(&broker, topic.name),
            source: service.to_owned(),
            topic,
            holder: holder.clone(),
            db: deps.db.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            checkpoint: deps.settings.checkpoint,
            metrics: RelayMetrics::new(deps.metrics.clone(), topic.name, broker.name()),
        });
        let leases = leases.clone();
        deps.tasks.supervise("bus.relay", move |stop| {
            let relay = Relay {
                route: route.clone(),
                log: log.clone(),
                head: head.clone(),
                holds: leases.subscribe(),
                leases: leases.clone(),
                publisher: broker.0.publisher(&route.source, topic),
            };
            async move { relay.run(&stop).await }
        });
    }
}

/// The consumers that the service's own relays are in the table of positions, whether they ever ran or not.
pub(crate) fn names(bus: &Bus) -> Vec<String> {
    let topics = carried(bus);
    topics
        .iter()
        .map(|(topic, broker)| name(broker, topic.name))
        .collect()
}

/// What the service publishes to brokers.
fn carried(bus: &Bus) -> Vec<(&'static Topic, Broker)> {
    let sources = &bus.0.deps.sources;
    let topics = sources.topics_of(bus.0.deps.db.service()).iter();
    topics
        .filter_map(|topic| Some((*topic, sources.carriers().of_topic(topic.name)?.clone())))
        .collect()
}

fn name(broker: &Broker, topic: &str) -> String {
    format!("relay/{}/{topic}", broker.name())
}

/// What a relay is made of, whoever holds the lease.
struct Route {
    name: String,
    source: String,
    topic: &'static Topic,
    holder: String,
    db: Db,
    clock: Clock,
    ids: Ids,
    checkpoint: Duration,
    metrics: RelayMetrics,
}

struct Relay {
    route: Arc<Route>,
    log: Log,
    head: watch::Receiver<Option<i64>>,
    leases: Leases,
    holds: watch::Receiver<Holds>,
    publisher: Box<dyn Publisher>,
}

/// A relay while it holds the lease.
struct Shift<'r> {
    relay: &'r mut Relay,
    hold: Hold,
    /// Everything up to here is confirmed; and what the table says.
    position: i64,
    saved: i64,
    saved_at: Instant,
    /// Before the next attempt after trouble; none where there was none.
    pause: Option<Duration>,
    joining: JoiningGroups,
}

impl Relay {
    async fn run(mut self, stop: &Stop) -> Result<(), TaskError> {
        while let Some(hold) = self.lease(stop).await? {
            // The lease is given back when this is dropped.
            let _in_use = hold.users.token();
            let position = store::load(&self.route).await?;
            let mut shift = Shift {
                relay: &mut self,
                hold,
                position,
                saved: position,
                saved_at: Instant::now(),
                pause: None,
                joining: JoiningGroups::default(),
            };
            let worked = shift.work(stop).await;
            // Also what joining groups asked for: whoever is next has to hear it.
            self.publisher.close().await;
            worked?;
        }
        Ok(())
    }

    /// Waits for the lease; nothing when the process stops.
    async fn lease(&mut self, stop: &Stop) -> Result<Option<Hold>, TaskError> {
        tokio::select! {
            biased;
            () = stop.requested() => Ok(None),
            holds = self.holds.wait_for(|holds| holds.get(&LEASE).is_some_and(|hold| !hold.is_closing)) => {
                Ok(holds?.get(&LEASE).cloned())
            }
        }
    }
}

impl Relay {
    /// The topic's rows after a position, at most a batch, as far as another.
    async fn page(&mut self, after: i64, upto: i64) -> Result<Page, StoreError> {
        let filter = LogFilter {
            topics: vec![self.route.topic],
            types: None,
            partitions: partitions().collect(),
        };
        self.log.page(after, upto, &filter, BATCH).await
    }
}

impl Shift<'_> {
    /// Relays until the lease is somebody else's, or is to be given back.
    async fn work(&mut self, stop: &Stop) -> Result<(), TaskError> {
        while self.is_ours() && !stop.is_requested() {
            let wait = match self.go_round().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => self.relay.route.checkpoint,
                Err(error) => {
                    tracing::warn!(relay = self.relay.route.name, %error, "cannot relay");
                    self.rest_after_trouble()
                }
            };
            self.rest(wait, stop).await?;
        }
        self.save().await?;
        Ok(())
    }

    fn is_ours(&self) -> bool {
        let holds = self.relay.holds.borrow();
        let hold = holds.get(&LEASE);
        hold.is_some_and(|hold| hold.epoch == self.hold.epoch && !hold.is_closing)
    }

    /// Publishes what there is, at most a batch, and some more to those who are new; whether there may be more
    /// at once.
    async fn go_round(&mut self) -> Result<bool, TaskError> {
        let has_published = self.publish().await?;
        let has_sent = self.serve().await?;
        self.pause = None;
        Ok(has_published || has_sent)
    }

    async fn publish(&mut self) -> Result<bool, TaskError> {
        let head = self.relay.head.borrow_and_update().unwrap_or(0);
        self.relay.route.metrics.lag(head - self.position);
        if self.position >= head {
            self.relay.route.metrics.age(Duration::ZERO);
            self.checkpoint().await?;
            return Ok(false);
        }
        let page = self.relay.page(self.position, head).await?;
        let Some(first) = page.records.first() else {
            self.position = page.upto;
            self.checkpoint().await?;
            return Ok(true);
        };
        let age = self.relay.route.clock.now().since(first.created_at);
        self.relay.route.metrics.age(age);
        fail_point!("bus::before-publish");
        let sent = self.relay.publisher.publish(&page.records).await;
        fail_point!("bus::after-confirm-before-position");
        self.settle(&page, sent).await?;
        Ok(true)
    }

    /// Writes down what was confirmed.
    async fn settle(&mut self, page: &Page, sent: Sent) -> Result<(), TaskError> {
        let metrics = &self.relay.route.metrics;
        metrics.published(sent.confirmed - sent.unwanted);
        metrics.unwanted(sent.unwanted);
        let last = sent.confirmed.checked_sub(1);
        if let Some(last) = last.and_then(|index| page.records.get(index)) {
            let is_all = sent.confirmed == page.records.len();
            self.position = if is_all { page.upto } else { last.position };
            self.save().await?;
        }
        match sent.trouble {
            None => Ok(()),
            Some(trouble) => {
                self.relay.route.metrics.publish_failed();
                Err(trouble.into())
            }
        }
    }

    fn rest_after_trouble(&mut self) -> Duration {
        let [random] = self.relay.route.ids.random::<1>();
        let pause = self
            .pause
            .map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        pause / 2 + pause / 2 * u32::from(random) / 255
    }

    /// Writes down now and then what nothing of the topic's own carried along, and that the relay lives.
    async fn checkpoint(&mut self) -> Result<(), StoreError> {
        let since = self.saved_at.elapsed();
        if since < self.relay.route.checkpoint {
            return Ok(());
        }
        if self.position > self.saved || since >= SIGN_OF_LIFE {
            return self.save().await;
        }
        let is_ours = store::is_ours(&self.relay.route, self.hold.epoch).await?;
        self.let_go_unless(is_ours);
        Ok(())
    }

    async fn save(&mut self) -> Result<(), StoreError> {
        let is_ours = store::save(&self.relay.route, self.hold.epoch, self.position).await?;
        self.let_go_unless(is_ours);
        self.saved = self.position;
        self.saved_at = Instant::now();
        Ok(())
    }

    /// Somebody changed the tables, and this shift begins anew from them, if the lease comes back.
    fn let_go_unless(&self, is_ours: bool) {
        if !is_ours {
            self.relay.leases.let_go(LEASE, self.hold.epoch);
        }
    }

    async fn rest(&mut self, wait: Duration, stop: &Stop) -> Result<(), TaskError> {
        if wait.is_zero() {
            let group = self.relay.publisher.next_joining().now_or_never();
            if let Some(group) = group {
                self.joining.add(group);
            }
            return Ok(());
        }
        // After trouble new events are no reason to hurry.
        let is_idle = self.pause.is_none();
        tokio::select! {
            () = stop.requested() => {}
            moved = self.relay.head.changed(), if is_idle => moved?,
            changed = self.relay.holds.changed() => changed?,
            group = self.relay.publisher.next_joining(), if is_idle => self.joining.add(group),
            () = tokio::time::sleep(wait) => {}
        }
        Ok(())
    }
}
