//! Payments' use cases: each loads, decides and saves, in one unit of work.

mod error;
mod once;
mod paying;
mod reading;

use std::sync::Arc;

use kit_db::Db;
use kit_http::extract::Traced;
use kit_runtime::{Clock, Ids, Timestamp};
use kit_telemetry::TraceParent;

pub(crate) use error::PaymentsFailure;

use crate::domain::Limit;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct PaymentsService {
    db: Db,
    inner: Arc<Inner>,
}

struct Inner {
    limit: Limit,
    clock: Clock,
    ids: Ids,
}

impl Traced for PaymentsService {
    fn in_trace(&self, trace: TraceParent) -> Self {
        Self {
            db: self.db.with_trace(trace),
            inner: self.inner.clone(),
        }
    }
}

impl PaymentsService {
    pub(crate) fn new(db: Db, limit: Limit, clock: Clock, ids: Ids) -> Self {
        let inner = Arc::new(Inner { limit, clock, ids });
        Self { db, inner }
    }

    fn id<T: From<kit_values::Uuid>>(&self) -> T {
        self.inner.ids.uuid().into()
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}
