//! The embedded carrier: a broadcast hears an outbox from its head on.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::carrier::{Record, Tail};
use crate::failure::Failure;
use crate::log::{Log, LogFilter};

/// One outbox.
pub(crate) struct LogTail {
    pub(crate) log: Log,
    pub(crate) head: watch::Receiver<Option<i64>>,
    pub(crate) filter: LogFilter,
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
                let page = self.log.page(self.cursor, head, &self.filter, self.page);
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
