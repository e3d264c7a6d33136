//! What a broadcast hears: the newest events of some topics, from the moment it listens.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::envelope::Record;
use crate::failure::Failure;
use crate::log::{Log, Wanted};

/// A carrier, as a broadcast listens to it. It remembers nothing beyond the connection.
pub(crate) trait Tail: Send {
    /// Begins anew: what is published from now on comes.
    fn begin(&mut self) -> BoxFuture<'_, Result<(), Failure>>;

    /// What came since, in order; nothing is the end of it for now.
    fn take(&mut self) -> BoxFuture<'_, Result<Vec<Arc<Record>>, Failure>>;

    /// Returns when something may have come. May be dropped and called again at any time. An error is an
    /// interruption: something may have been missed.
    fn changed(&mut self) -> BoxFuture<'_, Result<(), Failure>>;
}

/// The embedded carrier: an outbox from its head on.
pub(crate) struct LogTail {
    pub(crate) log: Log,
    pub(crate) head: watch::Receiver<Option<i64>>,
    pub(crate) wanted: Wanted,
    /// Rows read at once.
    pub(crate) page: u32,
    pub(crate) cursor: i64,
}

impl Tail for LogTail {
    fn begin(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        async {
            let head = self.head.wait_for(Option::is_some).await?;
            self.cursor = head.unwrap_or_default();
            Ok(())
        }
        .boxed()
    }

    fn take(&mut self) -> BoxFuture<'_, Result<Vec<Arc<Record>>, Failure>> {
        async {
            loop {
                let head = self.head.borrow_and_update().unwrap_or_default();
                if self.cursor >= head {
                    return Ok(Vec::new());
                }
                let page = self.log.page(self.cursor, head, &self.wanted, self.page);
                let page = page.await?;
                self.cursor = page.upto;
                if !page.records.is_empty() {
                    return Ok(page.records);
                }
            }
        }
        .boxed()
    }

    fn changed(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        async { Ok(self.head.changed().await?) }.boxed()
    }
}
