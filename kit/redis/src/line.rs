//! A connection that works as far as anybody knows, and how often it has failed since it last did.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use redis::RedisError;
use redis::aio::MultiplexedConnection;

use crate::error::{Away, is_gone};

/// A cheap handle; all of them count together.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) connection: MultiplexedConnection,
    failures: Arc<AtomicU32>,
}

impl Line {
    pub(crate) fn new(connection: MultiplexedConnection) -> Self {
        Self {
            connection,
            failures: Arc::default(),
        }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.failures, &other.failures)
    }

    /// Takes note of how a command ended; true when this line is to be given up.
    pub(crate) fn has_failed(&self, outcome: Result<(), &Away>, most: u32) -> bool {
        match outcome {
            Ok(()) | Err(Away::Refused(_)) => {
                // Seldom anything else, and then it is not written to.
                if self.failures.load(Ordering::Relaxed) != 0 {
                    self.failures.store(0, Ordering::Relaxed);
                }
                false
            }
            Err(Away::Broken(error)) if is_gone(error) => true,
            Err(Away::Broken(_) | Away::TooSlow(_)) => {
                self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= most
            }
            Err(Away::NotAsked) => false,
        }
    }
}

/// Connects, and is sure of it only when something was answered.
pub(crate) async fn connect(client: &redis::Client) -> Result<Line, RedisError> {
    // The limits of both are the caller's.
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    redis::cmd("PING").query_async::<String>(&mut connection).await?;
    Ok(Line::new(connection))
}
