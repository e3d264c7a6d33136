//! Where Redis is and how long it is waited for. Plain values: this crate reads no configuration.

use std::time::Duration;

use kit_runtime::Secret;
use redis::{ConnectionInfo, IntoConnectionInfo};

use crate::error::BadUrl;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://user:password@host:port/database`, or `rediss://` for TLS.
    pub url: Secret<String>,
    /// What every key begins with, so that several installations can share a server.
    pub prefix: String,
    /// How long a command may take at most.
    pub limit: Duration,
    /// How long it may take at most to connect. Nobody waits for that.
    pub connect_limit: Duration,
    /// After so many commands in a row without an answer, Redis is not asked for a while.
    pub failures: u32,
    /// How long it is not asked, at first. It doubles each time that Redis has not come back, and a quarter of it
    /// is random, so that processes do not come back together.
    pub first_pause: Duration,
    /// How long it is not asked, at most.
    pub longest_pause: Duration,
}

impl RedisSettings {
    /// Fifty milliseconds a command; after five without an answer, pauses from a quarter of a second to four.
    pub fn new(url: Secret<String>) -> Self {
        Self {
            url,
            prefix: "stoa".to_owned(),
            limit: Duration::from_millis(50),
            connect_limit: Duration::from_secs(2),
            failures: 5,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(4),
        }
    }

    /// Whether the address is one.
    pub fn check(&self) -> Result<(), BadUrl> {
        self.address().map(drop)
    }

    pub(crate) fn address(&self) -> Result<ConnectionInfo, BadUrl> {
        self.url.expose().as_str().into_connection_info().map_err(BadUrl)
    }
}
