//! What a broadcast is fed from: the newest events of some topics, from the moment it connects.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::Record;
use crate::failure::Failure;

/// A carrier, as a broadcast reads it. It remembers nothing beyond the connection.
pub trait Tail: Send {
    /// Begins anew: what is published from now on comes.
    fn begin(&mut self) -> BoxFuture<'_, Result<(), Failure>>;

    /// What came since, in order; nothing is the end of it for now.
    fn take(&mut self) -> BoxFuture<'_, Result<Vec<Arc<Record>>, Failure>>;

    /// Returns when something may have come. May be dropped and called again at any time. An error is an
    /// interruption: something may have been missed.
    fn changed(&mut self) -> BoxFuture<'_, Result<(), Failure>>;
}
