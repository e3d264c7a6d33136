//! Logs: one line an event, JSON for machines or pretty for people, always on stderr.

use std::io::IsTerminal;

use thiserror::Error;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
}

/// What is logged and how.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// The look of a line.
    pub format: LogFormat,
    /// A level, or levels by target (the path of a module), separated by commas, such as `info,auth=debug`.
    pub filter: String,
}

/// Why logging could not start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("the log filter `{filter}` is not valid: {reason}")]
    Filter {
        /// The filter, as it was configured.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else installed a subscriber in this process.
    #[error("logging was already set up in this process")]
    AlreadySet,
}

/// Starts logging for the whole process; once.
pub fn init_logs(settings: &LogSettings) -> Result<(), TelemetryError> {
    let filter: Targets = settings
        .filter
        .parse()
        .map_err(|error: ParseError| TelemetryError::Filter {
            filter: settings.filter.clone(),
            reason: error.to_string(),
        })?;
    let terminal = std::io::stderr().is_terminal();
    let json = match settings.format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => !terminal,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let set = if json {
        registry
            .with(
                lines
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            )
            .try_init()
    } else {
        registry.with(lines.with_ansi(terminal).compact()).try_init()
    };
    set.map_err(|_| TelemetryError::AlreadySet)
}
