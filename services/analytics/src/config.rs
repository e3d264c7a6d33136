//! What an operator may set.

use std::net::SocketAddr;

use kit_config::{Check, Span};

kit_config::config! {
    /// Statistics of transactions, of orders and of visitors.
    pub struct AnalyticsConfig("analytics") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8083",
        /// How many live streams of statistics may be open at once, in this process.
        streams: usize = "100",
        /// How long it is kept what visitors did.
        behaviour_kept: Span = "400d",
    }
    validate(check)
}

fn check(config: &AnalyticsConfig, check: &mut Check<'_>) {
    if config.streams == 0 {
        check.refuse("streams", "must be at least 1");
    }
}
