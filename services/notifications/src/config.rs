//! What an operator may set.

use std::net::SocketAddr;

use kit_config::{Check, Span};

kit_config::config! {
    /// What users are told.
    pub struct NotificationsConfig("notifications") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8090",
        /// How many notifications of a user are kept, the newest.
        kept_per_user: u32 = "200",
        /// How long a notification is kept.
        kept_for: Span = "180d",
        /// How many streams a process holds at once.
        streams: usize = "1000",
        /// How many of them one user may have.
        streams_per_user: usize = "10",
    }
    validate(check)
}

fn check(config: &NotificationsConfig, check: &mut Check<'_>) {
    if config.kept_per_user == 0 {
        check.refuse("kept_per_user", "must be more than 0");
    }
    if std::time::Duration::from(config.kept_for).is_zero() {
        check.refuse("kept_for", "must be more than 0");
    }
}
