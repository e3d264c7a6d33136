//! What both writers share.

use std::time::Duration;

use kit_runtime::{Clock, Ids};
use tokio::sync::{Notify, watch};

use crate::metrics::DbMetrics;
use crate::outbox::Outbox;
use crate::unit::{Link, Tx};

pub(crate) struct Core {
    pub(crate) service: &'static str,
    pub(crate) unit_limit: Duration,
    pub(crate) group_limit: Duration,
    pub(crate) queue_limit: usize,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) metrics: Option<DbMetrics>,
    /// Counts commits that had events in them.
    pub(crate) published: watch::Sender<u64>,
    /// Lines of the audit log have been committed.
    pub(crate) audited: Notify,
}

impl Core {
    pub(crate) fn transaction(&self, link: Link) -> Tx {
        let outbox = Outbox::new(self.service, self.clock.clone(), self.ids.clone());
        Tx { link, outbox }
    }

    /// Wakes whoever reads the outbox.
    pub(crate) fn announce(&self) {
        self.published.send_modify(|commits| *commits += 1);
    }

    pub(crate) fn count_group(&self, units: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.group(self.service, units);
        }
    }
}
