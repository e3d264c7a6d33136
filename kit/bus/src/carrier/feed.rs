//! What a group is fed from: events of some partitions, in order.
//!
//! Whoever handles them wants little: records in the order of their positions, partition by partition, and nothing
//! left out. A feed gives that from a log that is read, or from a broker that sends. It knows nothing of inboxes,
//! parked events, retries and leases, which are the same on every carrier and stay in the consumer's own database.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Record;
use crate::processor::Processor;

/// Why a carrier could not be read; it is tried again after a pause.
pub type FeedError = Box<dyn std::error::Error + Send + Sync>;

/// Events of some partitions, in order.
pub struct Page {
    /// Which.
    pub partitions: Vec<i64>,
    /// What is new in them.
    pub records: Vec<Arc<Record>>,
    /// Everything of these partitions up to here has been offered with this page.
    pub upto: i64,
}

/// A partition whose stored position lies beyond the end of its source, which is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewind {
    /// Which.
    pub partition: i64,
    /// Where it ends now.
    pub end: i64,
    /// Where to begin again, so that nothing is missed; the inbox knows what was done.
    pub to: i64,
}

/// A carrier, as it feeds one group from one source.
///
/// Invariant: what a feed offers of a partition has rising positions, and what was not offered under one cursor
/// is offered under the next. The same event may be offered again under another position; the inbox makes that
/// harmless.
pub trait Feed: Send {
    /// The partitions that belong to a lease, by its number.
    fn partitions(&self, lease: i64) -> Vec<i64>;

    /// How many events of a partition lie behind a position, as far as is known.
    fn behind(&self, partition: i64, position: i64) -> i64;

    /// What there is by now, by partition with the position that each has read; it does not wait for more. Nothing
    /// is the end of it for now. A partition without a cursor is full, or not ours: what is sent to it all the
    /// same must be kept, or not be taken. A cursor that is not where the feed left off is a new beginning, and
    /// the feed goes there.
    fn read(
        &mut self,
        cursors: &BTreeMap<i64, i64>,
    ) -> impl Future<Output = Result<Vec<Page>, FeedError>> + Send;

    /// Called in each round where the broker remembers how far the group is ([`Subscription::feed_queue`]), with
    /// what is done with or parked, and committed.
    ///
    /// [`Subscription::feed_queue`]: super::Subscription::feed_queue
    fn passed(&mut self, _done: &Done<'_>) -> impl Future<Output = Result<(), FeedError>> + Send {
        std::future::ready(Ok(()))
    }

    /// A partition stands so by the consumer's tables; told in each round, for a carrier that passes it on.
    fn stands(&mut self, _partition: i64, _saved: i64) {}

    /// Partitions that are to be read again from an earlier position, each told once.
    fn rewinds(&mut self) -> Vec<Rewind> {
        Vec::new()
    }

    /// This process has no part of the work any more: whatever came and was not read is for others, and a broker
    /// must not think that it is being consumed here. Called in each round until that changes.
    fn released(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Returns when there may be something new to read. May be dropped and called again at any time: what is
    /// under way is the feed's to keep.
    fn changed(&mut self) -> impl Future<Output = Result<(), FeedError>> + Send;

    /// Nothing more is read: what the broker was told arrives there, and the connection ends.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// What a group is done with of its source.
pub struct Done<'l>(pub(crate) &'l BTreeMap<i64, Arc<Processor>>);

impl Done<'_> {
    /// Everything up to here, whatever its partition; none where this process has no partition.
    pub fn upto(&self) -> Option<i64> {
        self.0.values().map(|processor| processor.standing().low).min()
    }

    /// One position of a partition.
    pub fn has(&self, partition: i64, position: i64) -> bool {
        self.0
            .get(&partition)
            .is_some_and(|processor| processor.is_done(position))
    }
}
