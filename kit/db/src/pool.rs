//! A small pool of connections.
//!
//! sqlx has one, but it takes back whatever is dropped, an open transaction too, and asks the server a
//! question each time it does. Here a connection comes back only when its user says that it is clean
//! ([`Pooled::give_back`]); one that is dropped on the way, by a cancelled future or a panic, is closed, and the
//! server rolls back. So no code path can hand an open transaction to the next user.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::classify::{Blame, classify};
use crate::connect::Connector;
use crate::driver::Connection;
use crate::error::{StoreError, Unavailable};
use crate::unit::{Link, ReadUnit, Reader};

/// A connection is closed after this long, so that a server's leaks and a balancer's changes do not last.
const LIFETIME: Duration = Duration::from_mins(30);

/// How often a read is run at most; its connection may have died while it lay idle.
const READ_ATTEMPTS: u32 = 3;

pub(crate) struct Pool {
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
    permits: Arc<Semaphore>,
    wait: Duration,
}

struct Idle {
    connection: Connection,
    made: Instant,
}

/// A connection that is in use.
pub(crate) struct Pooled {
    pub(crate) link: Link,
    slot: Slot,
}

/// A connection's place in the pool while it is in use.
pub(crate) struct Slot {
    pool: Arc<Pool>,
    made: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(connector: Connector, size: usize, wait: Duration) -> Arc<Self> {
        Arc::new(Self {
            connector,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(size.max(1))),
            wait,
        })
    }

    /// A connection; the one used last comes first. It may have died while it lay idle.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Pooled, Unavailable> {
        let permit = tokio::time::timeout(self.wait, self.permits.clone().acquire_owned());
        let permit = match permit.await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Unavailable::Stopping),
            Err(_) => return Err(Unavailable::NoConnection),
        };
        let idle = match self.take_idle() {
            Some(idle) => idle,
            None => Idle {
                connection: self.connect().await?,
                made: Instant::now(),
            },
        };
        Ok(Pooled {
            link: Link::new(idle.connection),
            slot: Slot {
                pool: self.clone(),
                made: idle.made,
                _permit: permit,
            },
        })
    }

    /// Runs statements that only read.
    pub(crate) async fn read<T>(
        self: &Arc<Self>,
        limit: Duration,
        unit: impl for<'r> ReadUnit<'r, T> + Clone,
    ) -> Result<T, StoreError> {
        let mut attempt = 1;
        loop {
            let (mut link, slot) = self.take().await?.split();
            link.connection.limit(Some(limit));
            let mut reader = Reader { link };
            // Boxed, so that whoever awaits this can see that it is `Send` whatever the unit borrows.
            let running: BoxFuture<'_, Result<T, StoreError>> = unit.clone()(&mut reader).boxed();
            let read = tokio::time::timeout(limit, running).await;
            // A reader that is dropped on the way here, or whose statement may still run, is closed.
            let Ok(result) = read else {
                return Err(Unavailable::TimedOut.into());
            };
            match reader.link.failure.take() {
                Some(Blame::Outage(reason)) if reason != Unavailable::TimedOut => {
                    self.forget_idle();
                    if result.is_ok() || attempt == READ_ATTEMPTS {
                        return result;
                    }
                    attempt += 1;
                }
                _ => {
                    slot.give_back(reader.link);
                    return result;
                }
            }
        }
    }

    /// Closes what lies idle, after one connection was found dead: the others probably are.
    pub(crate) fn forget_idle(&self) {
        self.idle().clear();
    }

    fn take_idle(&self) -> Option<Idle> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.made.elapsed() < LIFETIME);
        idle.pop()
    }

    async fn connect(&self) -> Result<Connection, Unavailable> {
        self.connector
            .connect()
            .await
            .map_err(|error| match classify(error) {
                (_, Blame::Outage(reason)) => reason,
                (error, _) => {
                    tracing::error!(%error, "a connection to the database is refused");
                    Unavailable::Unreachable
                }
            })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pooled {
    /// The connection, and where to give it back.
    pub(crate) fn split(self) -> (Link, Slot) {
        (self.link, self.slot)
    }
}

impl Slot {
    /// Puts a connection back that has no open transaction and no statement under way.
    pub(crate) fn give_back(self, link: Link) {
        self.pool.idle().push(Idle {
            connection: link.connection,
            made: self.made,
        });
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }
}
