//! A clock that runs as that of the machine does, at another time: a shop's that is given a history, or one that is moved
//! ahead to see what time brings.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use kit_config::Loaded;
use kit_runtime::{Clock, Tasks, TimeSource, Timestamp};

use crate::settings::{ClockConfig, DataConfig, section};

/// In the data folder: how far ahead the clock is, in microseconds.
const FILE: &str = "clock";

/// How often a process looks whether its clock was moved.
const LOOK: Duration = Duration::from_millis(20);

/// A clock so many microseconds ahead of the machine's; behind it where negative. A cheap handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShiftedClock(Arc<AtomicI64>);

impl ShiftedClock {
    /// Sets it to a moment.
    pub(crate) fn set_to(&self, moment: Timestamp) {
        self.0.store(ahead_at(moment), Ordering::SeqCst);
    }

    /// Moves it on to a moment, never back.
    pub(crate) fn move_on_to(&self, moment: Timestamp) {
        self.move_ahead(ahead_at(moment));
    }

    /// Moves it on until it is so far ahead; whether it was not yet.
    fn move_ahead(&self, ahead: i64) -> bool {
        self.0.fetch_max(ahead, Ordering::SeqCst) < ahead
    }
}

fn ahead_at(moment: Timestamp) -> i64 {
    let present = Clock::system().now();
    moment.as_micros().saturating_sub(present.as_micros())
}

impl TimeSource for ShiftedClock {
    fn now(&self) -> Timestamp {
        let ahead = self.0.load(Ordering::SeqCst);
        Timestamp::from_micros(Clock::system().now().as_micros().saturating_add(ahead))
    }
}

/// The clock of a process: the machine's, or one that `stoa clock advance` moves, followed from here on.
///
/// Data from a later time is refused to the machine's clock: of nothing in it would be known when it happened.
pub(crate) fn open(config: &Loaded, tasks: &Tasks) -> anyhow::Result<Clock> {
    let file = file(config)?;
    let ahead = read(&file)?;
    if !section::<ClockConfig>(config)?.test {
        if ahead > 0 {
            bail!(
                "the clock of this data is ahead of the machine's (`{}`): set `clock.test`, or begin with another \
                 data folder",
                file.display()
            );
        }
        return Ok(Clock::system());
    }
    tracing::warn!(
        seconds = ahead / 1_000_000,
        "the clock is a test's, so many seconds ahead"
    );
    let clock = ShiftedClock::default();
    clock.move_ahead(ahead);
    follow(clock.clone(), file, tasks);
    Ok(Clock::new(clock))
}

/// Moves the clock as its file says, and lets nobody sit through a pause that is over by it.
fn follow(clock: ShiftedClock, file: PathBuf, tasks: &Tasks) {
    let followers = tasks.clone();
    tasks.supervise("clock.follow", move |stop| {
        let (clock, file, tasks) = (clock.clone(), file.clone(), followers.clone());
        async move {
            while stop.sleep(LOOK).await {
                if clock.move_ahead(read(&file)?) {
                    tasks.end_pauses();
                }
            }
            Ok(())
        }
    });
}

/// The file of a process's data folder.
pub(crate) fn file(config: &Loaded) -> anyhow::Result<PathBuf> {
    Ok(section::<DataConfig>(config)?.dir.join(FILE))
}

/// How far ahead the clock is; not at all where nobody has moved it.
pub(crate) fn read(file: &Path) -> anyhow::Result<i64> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        text => text.with_context(|| format!("`{}` cannot be read", file.display()))?,
    };
    let ahead = text.trim().parse::<i64>().ok().filter(|ahead| *ahead >= 0);
    ahead.with_context(|| format!("`{}` does not say how far ahead the clock is", file.display()))
}

/// Says how far ahead the clock is from now on. Whoever reads meanwhile sees one or the other.
pub(crate) fn write(file: &Path, ahead: i64) -> anyhow::Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, format!("{ahead}\n"))
        .and_then(|()| std::fs::rename(&new, file))
        .with_context(|| format!("`{}` cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: Duration = Duration::from_hours(30 * 24);

    #[test]
    fn the_clock_moves_on_from_where_it_was_set_and_never_back() {
        let (clock, present) = (ShiftedClock::default(), Clock::system().now());
        clock.set_to(present.minus(MONTH));
        assert!(clock.now() < present);
        clock.move_on_to(present.minus(MONTH / 2));
        let half = clock.now();
        assert!(half >= present.minus(MONTH / 2));
        clock.move_on_to(present.minus(MONTH));
        assert!(clock.now() >= half);
        clock.move_on_to(present.plus(MONTH));
        assert!(clock.now() >= present.plus(MONTH));
    }

    #[test]
    fn what_a_file_says_is_how_far_ahead_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        assert_eq!(read(&file).unwrap(), 0);
        write(&file, 42).unwrap();
        assert_eq!(read(&file).unwrap(), 42);
        for text in ["", "-1", "soon", "1.5"] {
            std::fs::write(&file, text).unwrap();
            assert!(read(&file).is_err(), "{text}");
        }
    }
}
