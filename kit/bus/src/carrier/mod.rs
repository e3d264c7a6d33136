//! The seam between the bus and its carriers: what a broker's crate implements, and what it is given for that.
//!
//! A topic that is not configured otherwise is *embedded*: its events are read from the outboxes of those who
//! publish them. A topic that is comes from a broker instead: the relay of each producing service sends its rows
//! there, and groups and broadcasts listen there and nowhere else. Handlers notice nothing of it, since order per
//! key, inbox, parked events, retries, leases and positions are the bus's own, in the consumer's database.
//!
//! A broker is a [`Carrier`], made into a [`Broker`]. It has
//! - a [`Feed`] for each source of a group, started by the [`Subscription`] that it is given,
//! - a [`Tail`] for broadcasts,
//! - a [`Publisher`] for relays,
//! - a check that publishes and consumes for real, and what operators ask.

mod broker;
mod feed;
mod publisher;
mod tail;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_event::Topic;
use kit_runtime::Timestamp;

pub use crate::envelope::{Chain, Record};
pub use crate::group::Subscription;
pub use crate::lease::partitions;
pub use broker::{Broker, BrokerError, Carriers};
pub use feed::{Done, Feed, FeedError, Page, Rewind};
pub use publisher::{JoiningGroup, Publisher, Sent};
pub use tail::Tail;

/// What the bus asks of a broker.
pub trait Carrier: Send + Sync {
    /// Its kind, as metrics and the names of relays say it. There is one broker of a kind.
    fn name(&self) -> &'static str;

    /// Begins to feed a group: makes what the broker needs for it, now or once the broker answers, by
    /// [`Subscription::feed_stream`] or [`Subscription::feed_queue`].
    fn subscribe(&self, subscription: &Subscription);

    /// What a broadcast hears of these topics.
    fn tail(&self, topics: &[&'static Topic]) -> Box<dyn Tail>;

    /// A connection to publish one topic of one service by. It connects when it is used.
    fn publisher(&self, service: &str, topic: &'static Topic) -> Box<dyn Publisher>;

    /// Publishes something and consumes it again.
    fn check(&self) -> BoxFuture<'_, Result<(), BrokerError>>;

    /// How many events wait for a group; none where the broker cannot tell, or does not know it.
    fn backlog<'a>(&'a self, standing: &'a Standing) -> BoxFuture<'a, Result<Option<u64>, BrokerError>>;

    /// Sees to it that a group gets again what was published since a moment; the topics that will come.
    fn resend<'a>(
        &'a self,
        standing: &'a Standing,
        topics: &'a [&'static str],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<&'static str>, BrokerError>>;

    /// Removes what the broker keeps for a group, which listens to some of these topics at most.
    fn remove<'a>(
        &'a self,
        _standing: &'a Standing,
        _topics: &'a [&'static str],
    ) -> BoxFuture<'a, Result<(), BrokerError>> {
        std::future::ready(Ok(())).boxed()
    }

    /// The positions of a source's partitions before which a moment lies; none where the broker does not keep
    /// what it has delivered.
    fn since<'a>(
        &'a self,
        _source: &'a str,
        _moment: Timestamp,
    ) -> BoxFuture<'a, Result<Option<BTreeMap<i64, i64>>, BrokerError>> {
        std::future::ready(Ok(None)).boxed()
    }

    /// The last events of a topic, oldest first; none where the broker does not keep what it has delivered.
    fn newest<'a>(
        &'a self,
        _topic: &'a str,
        _limit: u32,
    ) -> BoxFuture<'a, Result<Option<Vec<Arc<Record>>>, BrokerError>> {
        std::future::ready(Ok(None)).boxed()
    }
}

/// How far a group is by its own tables.
pub struct Standing {
    /// The service that listens.
    pub service: String,
    /// The group.
    pub group: String,
    /// What its positions are kept by.
    pub source: String,
    /// By partition.
    pub positions: BTreeMap<i64, i64>,
}
