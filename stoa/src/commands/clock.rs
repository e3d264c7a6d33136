//! The clock of a shop that is tried out: `stoa clock`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use kit_config::Loaded;
use kit_runtime::{Clock, Timestamp};
use kit_service::answer;

use crate::cli::ClockCommand;
use crate::settings::{ClockConfig, DataConfig, section};
use crate::shifted_clock;

/// Between two steps, so that what is due at one is under way before the next.
const PAUSE: Duration = Duration::from_millis(100);

/// A thousand years, in microseconds: moments beyond the year 9999 are written as no date.
const FARTHEST: i64 = 1_000 * 365 * 24 * 3_600 * 1_000_000;

pub(super) fn clock(config: &Loaded, command: &ClockCommand) -> anyhow::Result<ExitCode> {
    config.check()?;
    let file = shifted_clock::file(config)?;
    let ahead = match command {
        ClockCommand::Show => shifted_clock::read(&file)?,
        ClockCommand::Advance { span, step } => advance(config, (*span).into(), (*step).into())?,
    };
    let present = Clock::system().now().as_micros().saturating_add(ahead);
    answer(&Timestamp::from_micros(present).to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Moves the clock step by step; how far ahead it is in the end.
fn advance(config: &Loaded, span: Duration, step: Duration) -> anyhow::Result<i64> {
    if !section::<ClockConfig>(config)?.test {
        bail!(
            "the clock is the machine's: set `clock.test` here and for `stoa up`, to try out what time brings"
        );
    }
    if micros(step) == 0 {
        bail!("`--step` must be more than 0");
    }
    let folder = section::<DataConfig>(config)?.dir;
    if !folder.is_dir() {
        bail!("there is no data folder `{}`", folder.display());
    }
    let file = shifted_clock::file(config)?;
    // Two that move it at the same time move it one after the other.
    let lock = std::fs::File::create(file.with_extension("lock"))?;
    lock.lock()?;
    let (begun, step) = (shifted_clock::read(&file)?, micros(step));
    let end = begun.saturating_add(micros(span));
    if end > FARTHEST {
        bail!("the clock goes no further than a thousand years ahead");
    }
    let mut ahead = begun;
    while ahead < end {
        ahead = end.min(ahead.saturating_add(step));
        shifted_clock::write(&file, ahead)?;
        std::thread::sleep(PAUSE);
    }
    Ok(ahead)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
