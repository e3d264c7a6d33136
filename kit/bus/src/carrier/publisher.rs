//! A relay's way to a broker.

use std::sync::Arc;

use futures::future::BoxFuture;
use kit_runtime::Timestamp;

use super::{BrokerError, Record};

/// Publishes one topic of one service. It connects when it is used.
pub trait Publisher: Send {
    /// Publishes records in this order, all of them or some of the first, and waits until the broker has answered
    /// for each of those, or cannot any more. After trouble the next call begins anew, with a new connection where
    /// that is needed.
    fn publish<'a>(&'a mut self, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent>;

    /// Returns with a group that wants to have what the log holds, where the broker does not keep it for whoever
    /// may come. May be dropped and called again at any time; the same group may come again.
    fn next_joining(&mut self) -> BoxFuture<'_, JoiningGroup>;

    /// As [`Publisher::publish`], for one group alone.
    fn publish_to<'a>(
        &'a mut self,
        group: &'a JoiningGroup,
        records: &'a [Arc<Record>],
    ) -> BoxFuture<'a, Sent>;

    /// The group has everything that was published until now, and gets from here on what all get.
    fn admit<'a>(&'a mut self, group: &'a JoiningGroup) -> BoxFuture<'a, Result<(), BrokerError>>;

    /// Sends what is on its way, and lets the connection go.
    fn close(&mut self) -> BoxFuture<'_, ()>;
}

/// A group that wants to have what the log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoiningGroup {
    /// Its queue.
    pub queue: String,
    /// From when on; everything for a group that is new, and what is younger than this for one that has had it
    /// and wants it again.
    pub since: Option<Timestamp>,
    /// What the broker is told when it has been served.
    pub receipt: u64,
}

/// What became of records that were published.
#[derive(Debug)]
pub struct Sent {
    /// So many of the first are with the broker for good. Later ones may be too.
    pub confirmed: usize,
    /// So many of those nobody wanted.
    pub unwanted: usize,
    /// Why not all are confirmed.
    pub trouble: Option<BrokerError>,
}

impl Sent {
    /// Nothing of it was sent.
    pub fn nothing(error: BrokerError) -> Self {
        Self {
            confirmed: 0,
            unwanted: 0,
            trouble: Some(error),
        }
    }
}
