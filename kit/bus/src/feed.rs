//! What a pump's lanes are fed from: the seam between the lanes and the three carriers.
//!
//! Lanes want little: records in the order of their positions, partition by partition, and nothing left out.
//! A feed gives them that from a log that is read, or from a broker that sends. It knows nothing of inboxes,
//! parked events, retries and leases, which are the same on every carrier and stay in the consumer's own
//! database.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::envelope::Record;
use crate::lane::Lane;

/// Why a carrier could not be read; it is tried again after a pause.
pub(crate) type FeedError = Box<dyn std::error::Error + Send + Sync>;

/// Who remembers how far a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Positions {
    /// The consumer's own database, in the transaction of the effect.
    Stored,
    /// The broker: what is not acknowledged comes again. Positions only order what came, and begin anew, but
    /// higher, with each epoch ([`first_of_epoch`]).
    Acknowledged,
}

/// Events of some partitions, in order.
pub(crate) struct Page {
    pub(crate) partitions: Vec<i64>,
    pub(crate) records: Vec<Arc<Record>>,
    /// Everything of these partitions up to here has been offered with this page.
    pub(crate) upto: i64,
}

/// A carrier, as the pump of one group and source reads it.
///
/// Invariant: what a feed offers of a partition has rising positions, and what was not offered under one cursor
/// is offered under the next. The same event may be offered again under another position; the inbox makes that
/// harmless.
pub(crate) trait Feed: Send {
    /// The partitions that belong to a lease, by its number. Each needs a lane.
    fn partitions(&self, lease: i64) -> Vec<i64>;

    /// How many events of a partition lie behind a position, as far as is known.
    fn behind(&self, partition: i64, position: i64) -> i64;

    /// What there is by now for lanes with room, by partition with the position that each has read; it does not
    /// wait for more. Nothing is the end of it for now. A partition without a cursor is full, or not ours: what
    /// is sent to it all the same must be kept, or not be taken. A cursor that is not where the feed left off
    /// belongs to a new lane, and the feed goes there.
    fn read(
        &mut self,
        cursors: &BTreeMap<i64, i64>,
    ) -> impl Future<Output = Result<Vec<Page>, FeedError>> + Send;

    /// Called in each round where the broker remembers how far the group is ([`Positions::Acknowledged`]), with
    /// what is done with or parked, and committed.
    fn passed(&mut self, done: &Done<'_>) -> impl Future<Output = Result<(), FeedError>> + Send;

    /// A lane stands so by the consumer's tables; told in each round, for a carrier that passes it on.
    fn stands(&mut self, _partition: i64, _saved: i64) {}

    /// Returns when there may be something new to read. May be dropped and called again at any time: what is
    /// under way is the feed's to keep.
    fn changed(&mut self) -> impl Future<Output = Result<(), FeedError>> + Send;

    /// Nothing more is read: what the broker was told arrives there, and the connection ends.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// What the lanes of a pump are done with.
pub(crate) struct Done<'l>(pub(crate) &'l BTreeMap<i64, Arc<Lane>>);

impl Done<'_> {
    /// Everything up to here, whatever its partition; none where there is no lane.
    pub(crate) fn upto(&self) -> Option<i64> {
        self.0.values().map(|lane| lane.standing().low).min()
    }

    /// One position of a partition.
    pub(crate) fn has(&self, partition: i64, position: i64) -> bool {
        self.0.get(&partition).is_some_and(|lane| lane.is_done(position))
    }
}

/// Positions within an epoch, where the broker numbers from one.
const EPOCH: i64 = 1 << 40;

/// The position before the first of an epoch, so that what is parked under a later epoch comes after what was
/// parked under an earlier one.
pub(crate) fn first_of_epoch(epoch: i64) -> i64 {
    epoch.saturating_mul(EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_epoch_comes_after_every_position_of_an_earlier_one() {
        assert!(first_of_epoch(1) + EPOCH - 1 < first_of_epoch(2));
        assert!(first_of_epoch(4_000_000) > 0);
    }
}
