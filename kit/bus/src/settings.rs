//! How the bus behaves. Plain values: this crate reads no configuration.

use std::time::Duration;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct BusSettings {
    /// How long a process owns a partition after it last said that it lives. Renewed three times as often.
    pub lease: Duration,
    /// Rows read at once.
    pub page: u32,
    /// Events of a source's partition that may be read and not done with.
    pub window: usize,
    /// Handlers of a source's partition that run at once, each on another key.
    pub concurrency: usize,
    /// Effects of a source's partition that are committed together at most.
    pub effects: usize,
    /// How long a handler may take, the writing of its effect not counted.
    pub handler_limit: Duration,
    /// How often positions are written down that no effect carries along.
    pub checkpoint: Duration,
    /// How often to look for what another process did to parked events, while there are any.
    pub poll: Duration,
    /// What happens to an event whose handler fails.
    pub retry: RetrySettings,
    /// How long the outbox keeps its rows.
    pub retention: RetentionSettings,
}

/// How often a failing event is tried, and with which pauses.
#[derive(Clone, Debug)]
pub struct RetrySettings {
    /// Attempts until it is a dead letter.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles, and half of it is random.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

/// How long an outbox keeps its rows.
#[derive(Clone, Debug)]
pub struct RetentionSettings {
    /// At least so long, whoever has read them.
    pub kept: Duration,
    /// A consumer that was not seen for so long holds no rows any more.
    pub gone_after: Duration,
    /// How often rows are removed.
    pub period: Duration,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            page: 512,
            window: 512,
            concurrency: 32,
            effects: 64,
            handler_limit: Duration::from_secs(30),
            checkpoint: Duration::from_secs(5),
            poll: Duration::from_secs(1),
            retry: RetrySettings::default(),
            retention: RetentionSettings::default(),
        }
    }
}

impl Default for RetrySettings {
    /// About half an hour until an event is a dead letter.
    fn default() -> Self {
        Self {
            attempts: 16,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_mins(5),
        }
    }
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            kept: Duration::from_hours(24),
            gone_after: Duration::from_hours(7 * 24),
            period: Duration::from_hours(1),
        }
    }
}
