//! Who connects, and connects again.

use std::time::Duration;

use kit_runtime::{Ids, Stop};
use redis::{Client, ErrorKind, RedisError};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::line::{Line, connect};
use crate::metrics::RedisMetrics;
use crate::settings::RedisSettings;

/// Keeps a line open, one after the other. The pause before each doubles until one has lasted for a while, so
/// that a server which takes connections and drops them is not pestered.
pub(crate) struct Keeper {
    pub(crate) client: Client,
    pub(crate) settings: RedisSettings,
    pub(crate) line: watch::Sender<Option<Line>>,
    pub(crate) ids: Ids,
    pub(crate) metrics: RedisMetrics,
}

impl Keeper {
    /// Until the process stops.
    pub(crate) async fn run(&self, stop: &Stop) {
        let mut pause = self.settings.first_pause;
        let mut is_logged = false;
        loop {
            match self.connect().await {
                Ok(line) => {
                    tracing::info!("redis answers");
                    is_logged = false;
                    let began = Instant::now();
                    self.metrics.connected();
                    self.line.send_replace(Some(line));
                    if !self.is_lost(stop).await {
                        return;
                    }
                    if began.elapsed() > self.settings.longest_pause {
                        pause = self.settings.first_pause;
                    }
                }
                Err(error) => {
                    self.metrics.not_connected();
                    // Once is enough for the log; how often, the metrics say.
                    if !is_logged {
                        tracing::warn!(%error, "redis cannot be reached; going on without it");
                        is_logged = true;
                    }
                }
            }
            if !stop.sleep(self.jittered(pause)).await {
                return;
            }
            pause = (pause * 2).min(self.settings.longest_pause);
        }
    }

    async fn connect(&self) -> Result<Line, RedisError> {
        let limit = self.settings.connect_limit;
        let connected = timeout(limit, connect(&self.client)).await;
        connected.unwrap_or_else(|_| Err((ErrorKind::Io, "it did not answer in time").into()))
    }

    /// Returns when the line is given up; false when the process stops first.
    async fn is_lost(&self, stop: &Stop) -> bool {
        let mut line = self.line.subscribe();
        tokio::select! {
            () = stop.requested() => false,
            // This keeper holds the sender, so it cannot be gone.
            _ = line.wait_for(Option::is_none) => true,
        }
    }

    fn jittered(&self, pause: Duration) -> Duration {
        let [byte] = self.ids.random();
        pause.saturating_sub(pause / 4 * u32::from(byte) / 255)
    }
}
