//! The unit of work, and what it works on.

use kit_event::Event;
use kit_telemetry::TraceParent;

use crate::classify::{Blame, classify};
use crate::dialect::Dialect;
use crate::driver::{Connection, DriverError};
use crate::error::StoreError;
use crate::outbox::Outbox;

/// A unit of work: an async closure of the transaction. Async closures are `Clone` where what they capture is,
/// so a retry runs a clone. The parameter's type must be written down: `async move |tx: &mut Tx| …`.
///
/// A plain `AsyncFn` bound cannot promise a `Send` future; this trait names the future, so that it can.
pub trait Unit<'t, T, E>: FnOnce(&'t mut Tx) -> <Self as Unit<'t, T, E>>::Fut {
    /// What the closure returns.
    type Fut: Future<Output = Result<T, E>> + Send + 't;
}

impl<'t, T, E, F, Fut> Unit<'t, T, E> for F
where
    F: FnOnce(&'t mut Tx) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send + 't,
{
    type Fut = Fut;
}

/// As [`Unit`], over a [`Reader`].
pub trait ReadUnit<'r, T>: FnOnce(&'r mut Reader) -> <Self as ReadUnit<'r, T>>::Fut {
    /// What the closure returns.
    type Fut: Future<Output = Result<T, StoreError>> + Send + 'r;
}

impl<'r, T, F, Fut> ReadUnit<'r, T> for F
where
    F: FnOnce(&'r mut Reader) -> Fut,
    Fut: Future<Output = Result<T, StoreError>> + Send + 'r,
{
    type Fut = Fut;
}

/// A connection, and the first thing that went wrong on it.
pub struct Link {
    pub(crate) connection: Connection,
    pub(crate) failure: Option<Blame>,
}

impl Link {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            failure: None,
        }
    }

    /// Runs statements without values, and whose rows nobody wants.
    pub(crate) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        let ended = self.connection.script(text).await;
        ended.map_err(|error| self.fail(error))
    }

    /// Notes a failure, and turns it into ours.
    pub(crate) fn fail(&mut self, error: DriverError) -> StoreError {
        let (error, blame) = classify(error);
        self.failure.get_or_insert(blame);
        error
    }
}

/// What statements run on: a [`Tx`] or a [`Reader`]. Store functions that only read take `&mut impl Session`.
pub trait Session: Send {
    /// Which database this is.
    fn dialect(&self) -> Dialect;
    #[doc(hidden)]
    fn link(&mut self) -> Result<&mut Link, StoreError>;
}

impl Session for Link {
    fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    fn link(&mut self) -> Result<&mut Link, StoreError> {
        Ok(self)
    }
}

/// A transaction. It ends by the unit's result alone: `Ok` commits, `Err` rolls back.
///
/// After a statement has failed the transaction is over, on both databases: further statements answer
/// [`StoreError::Aborted`], and an `Ok` is not committed.
pub struct Tx {
    pub(crate) link: Link,
    pub(crate) outbox: Outbox,
}

impl Tx {
    /// Records an event that leaves when, and only when, this transaction is committed. It is held here and
    /// written with all others in one statement before the commit.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is published is given away; a borrow would read as if it could be changed afterwards"
    )]
    pub fn publish<E: Event>(&mut self, event: E) {
        if let Err(error) = self.outbox.add(&event) {
            tracing::error!(%error, "an event cannot be published");
            self.link.failure.get_or_insert(Blame::Statement);
        }
    }

    /// Events published from here on belong to this trace: for a unit that does the work of several requests.
    pub fn set_trace(&mut self, trace: Option<TraceParent>) {
        self.outbox.set_trace(trace);
    }

    /// The trace of the request that this unit serves.
    pub fn trace(&self) -> Option<TraceParent> {
        self.outbox.trace()
    }

    /// Ready for another unit.
    pub(crate) fn reset(&mut self, trace: Option<TraceParent>) {
        self.link.failure = None;
        self.outbox.reset(trace);
    }
}

impl Session for Tx {
    fn dialect(&self) -> Dialect {
        self.link.connection.dialect()
    }

    fn link(&mut self) -> Result<&mut Link, StoreError> {
        match self.link.failure {
            None => Ok(&mut self.link),
            Some(_) => Err(StoreError::Aborted),
        }
    }
}

/// A connection that can only read. Each statement sees the moment it runs at, not that of the one before.
pub struct Reader {
    pub(crate) link: Link,
}

impl Session for Reader {
    fn dialect(&self) -> Dialect {
        self.link.connection.dialect()
    }

    fn link(&mut self) -> Result<&mut Link, StoreError> {
        Ok(&mut self.link)
    }
}
