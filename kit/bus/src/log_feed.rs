//! The embedded carrier: processors are fed from an outbox, up to its head.
//!
//! Processors that stand at the same place share a statement, which in the usual case, at the head, is all of them.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::carrier::{Feed, FeedError, Page};
use crate::log::{Log, LogFilter};

/// One outbox, read for one group.
pub(crate) struct LogFeed {
    pub(crate) log: Log,
    pub(crate) head: watch::Receiver<Option<i64>>,
    /// The group's topics and types; the partitions are those that are asked for.
    pub(crate) filter: LogFilter,
    /// Rows read at once.
    pub(crate) page: u32,
}

impl Feed for LogFeed {
    fn partitions(&self, lease: i64) -> Vec<i64> {
        vec![lease]
    }

    fn behind(&self, _partition: i64, position: i64) -> i64 {
        self.head.borrow().unwrap_or(0) - position
    }

    async fn read(&mut self, cursors: &BTreeMap<i64, i64>) -> Result<Vec<Page>, FeedError> {
        let head = self.head.borrow_and_update().unwrap_or(0);
        let mut behind: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (partition, after) in cursors {
            if *after < head {
                behind.entry(*after).or_default().push(*partition);
            }
        }
        let mut pages = Vec::new();
        for (after, partitions) in behind {
            let filter = LogFilter {
                partitions: partitions.clone(),
                ..self.filter.clone()
            };
            let read = self.log.page(after, head, &filter, self.page).await?;
            pages.push(Page {
                partitions,
                records: read.records,
                upto: read.upto,
            });
        }
        Ok(pages)
    }

    async fn changed(&mut self) -> Result<(), FeedError> {
        Ok(self.head.changed().await?)
    }

    async fn close(&mut self) {}
}
