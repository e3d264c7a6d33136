//! The thread that polls: one client of the library, which fetches ahead by itself, and the partitions that
//! somebody wants to read.
//!
//! Each partition has a slot. Its user says where to go on, the thread goes there and fills the slot, and the
//! user takes what is in it. A slot has an end, so what nobody takes stays in the library, which has one too,
//! and then at the brokers; no partition waits for another.
//!
//! Invariant: what is in a slot belongs to the slot's course. Whoever goes elsewhere begins a new course, and
//! nothing that was read on an earlier one is taken for it: a record too early would look as if those before it
//! were done with.
//!
//! Where a position is not in the partition any more the thread says so, loudly. What was removed before it was
//! read is passed over. A position beyond the end is of a topic that was deleted and made anew, or that lost its
//! end; its user has to go back, because the new topic's first offsets are not those that it knows.

mod poller;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use kit_bus::carrier::{BrokerError, Record};
use kit_event::Topic;
use tokio::sync::Notify;

use crate::{Hub, blocking, broker_error};
use poller::Poller;

/// Records that wait in a slot at most.
const SLOT: usize = 1_000;

/// How long whoever closes waits for the thread, which may be waiting for the brokers.
const CLOSING: Duration = Duration::from_secs(2);

/// A partition of one of our topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TopicPartition {
    pub(crate) topic: &'static str,
    pub(crate) partition: i32,
}

/// What is read, and by whom.
pub(crate) struct Setup {
    pub(crate) hub: Arc<Hub>,
    pub(crate) topics: Vec<&'static Topic>,
    /// The group's name at the brokers, by which offsets are noted.
    pub(crate) kafka_group: String,
}

/// The user's end. The thread ends with it.
pub(crate) struct Reader(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// There is something for the user.
    news: Notify,
    thread: OnceLock<Thread>,
}

#[derive(Default)]
struct State {
    /// Partitions by topic, once they are known.
    counts: BTreeMap<&'static str, i32>,
    slots: BTreeMap<TopicPartition, Slot>,
    /// The user has gone.
    is_closed: bool,
    /// The thread has ended.
    is_over: bool,
}

#[derive(Default)]
struct Slot {
    /// Grows whenever the user goes elsewhere.
    course: u64,
    /// Where the course begins.
    position: i64,
    records: VecDeque<Arc<Record>>,
    /// What the user is done with.
    passed: i64,
    /// Where the partition ended when the thread last looked.
    high: Option<i64>,
    beyond: Option<Beyond>,
}

/// A course that began beyond the end of its partition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beyond {
    pub(crate) high: i64,
    /// Where to begin again, so that nothing is missed.
    pub(crate) again: i64,
}

impl Reader {
    pub(crate) fn start(setup: Setup) -> Result<Self, BrokerError> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            news: Notify::new(),
            thread: OnceLock::new(),
        });
        let of_thread = shared.clone();
        blocking::aside("kafka-reader", move || {
            let ended = Ended(of_thread.clone());
            let _ = of_thread.thread.set(std::thread::current());
            match Poller::new(setup, of_thread.clone()) {
                Ok(mut poller) => poller.run(),
                Err(error) => tracing::error!(%error, "no client of Kafka"),
            }
            drop(ended);
        })?;
        Ok(Self(shared))
    }

    /// How many partitions a topic has; none while that is not known.
    pub(crate) fn count(&self, topic: &'static str) -> i32 {
        self.0.state().counts.get(topic).copied().unwrap_or(0)
    }

    /// Goes on elsewhere: with what comes after a position.
    pub(crate) fn go(&self, topic_partition: TopicPartition, position: i64) {
        let mut state = self.0.state();
        let slot = state.slots.entry(topic_partition).or_default();
        slot.course += 1;
        slot.position = position;
        slot.passed = position;
        slot.records.clear();
        slot.beyond = None;
        drop(state);
        self.0.wake();
    }

    /// What came, in order, as much as is wanted.
    pub(crate) fn take(&self, topic_partition: TopicPartition, most: usize) -> Vec<Arc<Record>> {
        let mut state = self.0.state();
        let Some(slot) = state.slots.get_mut(&topic_partition) else {
            return Vec::new();
        };
        let count = slot.records.len().min(most);
        let taken: Vec<_> = slot.records.drain(..count).collect();
        drop(state);
        if !taken.is_empty() {
            self.0.wake();
        }
        taken
    }

    /// The places that were found to lie beyond their ends.
    pub(crate) fn take_beyond(&self) -> Vec<(TopicPartition, Beyond)> {
        let mut state = self.0.state();
        let slots = state.slots.iter_mut();
        slots
            .filter_map(|(topic_partition, slot)| Some((*topic_partition, slot.beyond.take()?)))
            .collect()
    }

    /// Where a partition ended not long ago.
    pub(crate) fn high(&self, topic_partition: TopicPartition) -> Option<i64> {
        self.0.state().slots.get(&topic_partition)?.high
    }

    /// Everything up to a position is done with, for others to know.
    pub(crate) fn passed(&self, topic_partition: TopicPartition, position: i64) {
        if let Some(slot) = self.0.state().slots.get_mut(&topic_partition) {
            slot.passed = position;
        }
    }

    /// Returns when there may be something to take.
    pub(crate) async fn changed(&self) -> Result<(), BrokerError> {
        if self.0.state().is_over {
            return Err(broker_error("the thread that reads has ended"));
        }
        self.0.news.notified().await;
        Ok(())
    }

    /// Lets the client go.
    pub(crate) async fn close(&self) {
        self.0.state().is_closed = true;
        self.0.wake();
        let ended = async {
            while !self.0.state().is_over {
                self.0.news.notified().await;
            }
        };
        if tokio::time::timeout(CLOSING, ended).await.is_err() {
            tracing::debug!("a client of Kafka waits for the brokers, and ends after that");
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.wake();
    }
}

/// Says when the thread has ended, however it did.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.state().is_over = true;
        self.0.news.notify_one();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}
