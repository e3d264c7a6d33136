//! Payments' use cases: each loads, decides and saves, in one unit of work.

mod error;
mod once;
mod paying;
mod reading;

use std::sync::Arc;

use kit_db::Db;
use kit_rpc::CallContext;
use kit_runtime::{Clock, Ids, Timestamp};

pub(crate) use error::PaymentsFailure;

use crate::domain::Limit;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct PaymentsService(Arc<Inner>);

struct Inner {
    db: Db,
    limit: Limit,
    clock: Clock,
    ids: Ids,
}

impl PaymentsService {
    pub(crate) fn new(db: Db, limit: Limit, clock: Clock, ids: Ids) -> Self {
        Self(Arc::new(Inner {
            db,
            limit,
            clock,
            ids,
        }))
    }

    /// The database, for a unit that belongs to a request: its events belong to the request's trace.
    fn db_of(&self, call: &CallContext) -> Db {
        let db = &self.0.db;
        call.trace()
            .map_or_else(|| db.clone(), |trace| db.with_trace(trace))
    }

    fn id<T: From<kit_runtime::Uuid>>(&self) -> T {
        self.0.ids.uuid().into()
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}
