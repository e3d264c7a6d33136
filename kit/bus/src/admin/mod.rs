//! What operators do: look at the logs and at how far their consumers are, and decide about dead letters.
//!
//! Each function works on the tables alone, beside a running process or without one, and a process that is
//! running notices: at once when the [`Admin`] is of its bus or the database is PostgreSQL, else by its poll.

mod dead_letters;
mod lag;
mod removal;
mod replay;
mod tail;

use kit_db::{Db, StoreError};
use thiserror::Error;

use crate::bus::Bus;
use crate::carrier::BrokerError;
use crate::source::Sources;
use crate::wake;

pub use dead_letters::{DeadLetter, ParkedEvent};
pub use lag::Lag;
pub(crate) use replay::position_before;
pub use replay::{Effects, Replayed};
pub use tail::LoggedEvent;

/// Why something was not done, or not all of it.
#[derive(Debug, Error)]
pub enum AdminError {
    /// The tables cannot be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A broker cannot be asked. What needs none is done all the same.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// The consumers of one service, for operators.
#[derive(Clone)]
pub struct Admin {
    db: Db,
    sources: Sources,
    bus: Option<Bus>,
}

impl Admin {
    /// Of the service whose database this is, beside its process.
    pub fn new(db: Db, sources: Sources) -> Self {
        Self {
            db,
            sources,
            bus: None,
        }
    }

    pub(crate) fn of_bus(bus: &Bus) -> Self {
        Self {
            db: bus.0.deps.db.clone(),
            sources: bus.0.deps.sources.clone(),
            bus: Some(bus.clone()),
        }
    }

    /// Lets running processes see what was changed.
    async fn notify(&self) {
        if let Some(bus) = &self.bus {
            bus.0.look_again();
        }
        wake::announce_parked(&self.db).await;
    }
}
