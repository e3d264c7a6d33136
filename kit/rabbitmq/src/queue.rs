//! Feeds a group from its queue.
//!
//! The process that has the queue's lease consumes it; the others stand by without a connection. Positions are
//! delivery tags, counted on from where the connection before left off, so that what comes again after an
//! interruption stands behind what the processors still have of it, and is found done by the inbox.
//!
//! What the processors are done with is acknowledged, all of it up to the first that they are not, and beyond that
//! one by one where it would use up the prefetch: an event that takes long holds up nothing.
//!
//! Invariant: a connection outlives neither the lease nor its epoch. Messages of a successor would otherwise
//! overtake those that this process still has, and the broker sends a successor nothing while it thinks that
//! this consumer lives.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use kit_bus::carrier::{BrokerError, Done, Feed, FeedError, Page, Record, partitions};
use lapin::Consumer;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicRejectOptions};
use tokio::time::Instant;

use crate::link::{Link, Purpose};
use crate::message::{self, Arrival};
use crate::topology::{self, Queues};
use crate::{Hub, broker_error, join_requests};

/// How often to ask how much waits.
const LOOK: Duration = Duration::from_secs(5);

/// What a feed is made of, again after each failure.
pub(crate) struct Setup {
    pub(crate) hub: Arc<Hub>,
    pub(crate) names: Queues,
    pub(crate) topics: Vec<&'static str>,
    /// Those that have relays.
    pub(crate) relayed: Vec<&'static str>,
}

pub(crate) struct QueueFeed {
    setup: Arc<Setup>,
    state: State,
    /// The position of the newest that came.
    last: i64,
    /// What came and was not yet read.
    came: VecDeque<Arc<Record>>,
    /// Messages in the queue that were not sent to us when we last looked.
    waiting: i64,
    pause: Duration,
}

enum State {
    /// Nobody wants anything.
    Idle,
    /// Until the next attempt.
    Resting(Instant),
    Connecting(BoxFuture<'static, Result<Connected, BrokerError>>),
    Open(Box<Open>),
}

struct Connected {
    link: Link,
    consumer: Consumer,
    /// Topics whose relays are to be asked to let the group in.
    outside: Vec<&'static str>,
}

struct Open {
    link: Link,
    consumer: Consumer,
    /// The position of a message is so much more than its tag.
    base: i64,
    /// What is neither acknowledged nor rejected: positions and their partitions.
    unsettled: VecDeque<(i64, i64)>,
    look_at: Instant,
    asking: Option<Asking>,
}

/// Asks relays to let the group in, beside what goes on.
type Asking = BoxFuture<'static, ()>;

impl QueueFeed {
    pub(crate) fn new(setup: Arc<Setup>) -> Self {
        Self {
            pause: setup.hub.settings.first_pause,
            setup,
            state: State::Idle,
            last: 0,
            came: VecDeque::new(),
            waiting: 0,
        }
    }

    /// Takes what has come by now, without waiting.
    async fn drain(&mut self) -> Result<(), BrokerError> {
        while let State::Open(open) = &mut self.state
            && let Some(came) = open.consumer.next().now_or_never()
        {
            self.keep(came).await?;
        }
        Ok(())
    }

    async fn keep(&mut self, came: Option<lapin::Result<Delivery>>) -> Result<(), BrokerError> {
        let State::Open(open) = &mut self.state else {
            return Ok(());
        };
        let delivery = match came {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return Err(broker_error(format_args!("consuming: {error}"))),
            None => return Err(broker_error("consuming: the queue is gone")),
        };
        let tag = i64::try_from(delivery.delivery_tag).unwrap_or(i64::MAX);
        self.last = open.base + tag;
        let arrival = Arrival {
            position: self.last,
            deliveries: u64::from(self.setup.hub.settings.delivery_limit / 2).max(1),
            clock: &self.setup.hub.clock,
        };
        match message::incoming(&delivery, &arrival) {
            Some(record) => {
                open.unsettled.push_back((record.position, record.partition));
                self.came.push_back(Arc::new(record));
                Ok(())
            }
            None => open.reject(&delivery).await,
        }
    }

    /// The connection is no good any more: what was not acknowledged will come again.
    fn lose(&mut self, error: &BrokerError) {
        let queue = &self.setup.names.queue;
        tracing::warn!(queue, %error, "a queue cannot be consumed");
        self.state = State::Resting(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(self.setup.hub.settings.longest_pause);
        // Not acknowledged either, and the copy that comes again would have to wait behind it.
        self.came.clear();
    }

    fn connect(&mut self) {
        let setup = self.setup.clone();
        self.state = State::Connecting(async move { setup.connect().await }.boxed());
    }

    fn begin(&mut self, connected: Connected) {
        self.pause = self.setup.hub.settings.first_pause;
        let (setup, outside) = (self.setup.clone(), connected.outside);
        self.state = State::Open(Box::new(Open {
            link: connected.link,
            consumer: connected.consumer,
            base: self.last,
            unsettled: VecDeque::new(),
            look_at: Instant::now(),
            asking: (!outside.is_empty()).then(|| async move { setup.ask(outside).await }.boxed()),
        }));
    }

    async fn end(&mut self) {
        self.came.clear();
        if let State::Open(open) = std::mem::replace(&mut self.state, State::Idle) {
            open.link.close().await;
        }
    }

    async fn settle(&mut self, done: &Done<'_>) -> Result<(), BrokerError> {
        let most = usize::from(self.setup.hub.settings.prefetch) / 2;
        let State::Open(open) = &mut self.state else {
            return Ok(());
        };
        open.acknowledge(done.upto().unwrap_or(0)).await?;
        if open.unsettled.len() > most {
            open.acknowledge_each(done).await?;
        }
        if Instant::now() < open.look_at {
            return Ok(());
        }
        open.look_at = Instant::now() + LOOK;
        let waiting = topology::waiting(&open.link, &open.link.channel, &self.setup.names.queue).await?;
        self.waiting = i64::try_from(waiting.unwrap_or(0)).unwrap_or(i64::MAX);
        Ok(())
    }
}

impl Setup {
    async fn connect(&self) -> Result<Connected, BrokerError> {
        let link = Link::open(&self.hub, Purpose::Consume).await?;
        let mut outside = topology::queue(&self.hub, &link, &self.names, &self.topics).await?;
        for topic in outside.extract_if(.., |topic| !self.relayed.contains(topic)) {
            topology::let_in(&link, &self.hub.exchanges.entry, &self.names.queue, topic).await?;
        }
        topology::limit(&link, self.hub.settings.prefetch).await?;
        let consumer = topology::consume(&link, &self.names.queue, BasicConsumeOptions::default()).await?;
        Ok(Connected {
            link,
            consumer,
            outside,
        })
    }

    /// Asks the relays of these topics, until each has heard it.
    async fn ask(&self, mut outside: Vec<&'static str>) {
        let mut pause = self.hub.settings.first_pause;
        while !outside.is_empty() {
            if let Err(error) = self.ask_once(&mut outside).await {
                let queue = &self.names.queue;
                tracing::warn!(queue, %error, "what the logs hold cannot be asked for");
            }
            if !outside.is_empty() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LOOK);
            }
        }
    }

    /// Leaves those in it whose relays have not begun yet.
    async fn ask_once(&self, outside: &mut Vec<&'static str>) -> Result<(), BrokerError> {
        let link = Link::open(&self.hub, Purpose::Look).await?;
        topology::confirms(&link).await?;
        while let Some(topic) = outside.first() {
            if !join_requests::ask(&self.hub, &link, &self.names.queue, topic, None).await? {
                break;
            }
            outside.remove(0);
        }
        // The first is no reason to let the others wait.
        let by = outside.len().min(1);
        outside.rotate_left(by);
        link.close().await;
        Ok(())
    }
}

impl Open {
    /// What comes next; nothing when the relays have been asked.
    async fn next(&mut self) -> Option<Option<lapin::Result<Delivery>>> {
        let Some(asking) = &mut self.asking else {
            return Some(self.consumer.next().await);
        };
        tokio::select! {
            came = self.consumer.next() => Some(came),
            () = asking => {
                self.asking = None;
                None
            }
        }
    }

    /// Everything up to a position.
    async fn acknowledge(&mut self, upto: i64) -> Result<(), BrokerError> {
        let mut last = None;
        while let Some((position, _)) = self.unsettled.pop_front_if(|(position, _)| *position <= upto) {
            last = Some(position);
        }
        match last {
            // The last that was not settled: the broker takes another for a mistake.
            Some(last) => {
                self.acknowledge_at(last, BasicAckOptions { multiple: true })
                    .await
            }
            None => Ok(()),
        }
    }

    /// Whatever is done beyond what is not.
    async fn acknowledge_each(&mut self, done: &Done<'_>) -> Result<(), BrokerError> {
        let all = std::mem::take(&mut self.unsettled);
        let (settled, unsettled): (VecDeque<_>, VecDeque<_>) = all
            .into_iter()
            .partition(|(position, partition)| done.has(*partition, *position));
        self.unsettled = unsettled;
        for (position, _) in settled {
            self.acknowledge_at(position, BasicAckOptions::default()).await?;
        }
        Ok(())
    }

    async fn acknowledge_at(&mut self, position: i64, options: BasicAckOptions) -> Result<(), BrokerError> {
        let tag = u64::try_from(position - self.base).unwrap_or(0);
        let told = self.link.channel.basic_ack(tag, options);
        self.link.ask("acknowledging", told).await
    }

    /// Leaves a message without an identity to the broker's dead letters.
    async fn reject(&mut self, delivery: &Delivery) -> Result<(), BrokerError> {
        let routing_key = delivery.routing_key.as_str();
        tracing::error!(
            routing_key,
            "a message without an identity goes to the broker's dead letters"
        );
        let rejected = self
            .link
            .channel
            .basic_reject(delivery.delivery_tag, BasicRejectOptions { requeue: false });
        self.link.ask("rejecting", rejected).await
    }
}

impl Feed for QueueFeed {
    /// All of them come with the queue.
    fn partitions(&self, _lease: i64) -> Vec<i64> {
        partitions().collect()
    }

    fn behind(&self, _partition: i64, position: i64) -> i64 {
        (self.last - position).max(0) + self.waiting
    }

    async fn read(&mut self, cursors: &BTreeMap<i64, i64>) -> Result<Vec<Page>, FeedError> {
        let Some(cursor) = cursors.values().max().copied() else {
            return Ok(Vec::new());
        };
        if cursor > self.last {
            // A new epoch: what is unacknowledged is to come again.
            self.end().await;
            self.last = cursor;
        }
        if matches!(self.state, State::Idle) {
            self.connect();
        }
        if let Err(error) = self.drain().await {
            self.lose(&error);
        }
        if self.came.is_empty() && cursor == self.last {
            return Ok(Vec::new());
        }
        Ok(vec![Page {
            partitions: partitions().collect(),
            records: std::mem::take(&mut self.came).into(),
            upto: self.last,
        }])
    }

    async fn passed(&mut self, done: &Done<'_>) -> Result<(), FeedError> {
        if let Err(error) = self.settle(done).await {
            self.lose(&error);
        }
        Ok(())
    }

    async fn released(&mut self) {
        self.end().await;
    }

    async fn changed(&mut self) -> Result<(), FeedError> {
        loop {
            match &mut self.state {
                State::Idle => return std::future::pending().await,
                State::Resting(until) => {
                    tokio::time::sleep_until(*until).await;
                    self.connect();
                }
                State::Connecting(connecting) => match connecting.await {
                    Ok(connected) => self.begin(connected),
                    Err(error) => self.lose(&error),
                },
                State::Open(open) => {
                    let Some(came) = open.next().await else {
                        continue;
                    };
                    if let Err(error) = self.keep(came).await {
                        self.lose(&error);
                    }
                    return Ok(());
                }
            }
        }
    }

    async fn close(&mut self) {
        self.end().await;
    }
}
