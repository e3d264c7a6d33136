//! When something that failed is tried again, and when no more.

use std::time::Duration;

/// The pauses after the attempts that failed; after as many and one more, it is given up.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
];

/// How an attempt ended that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttemptFailure {
    /// Why, for an operator.
    pub reason: String,
    /// Another attempt would fail as well.
    pub is_final: bool,
}

impl AttemptFailure {
    /// Reasons may repeat what others sent; nobody reads more than this of it.
    const LONGEST_REASON: usize = 300;

    fn new(reason: &str, is_final: bool) -> Self {
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        Self {
            reason: reason.chars().take(Self::LONGEST_REASON).map(printable).collect(),
            is_final,
        }
    }

    /// Another attempt may succeed.
    pub(crate) fn again(reason: impl AsRef<str>) -> Self {
        Self::new(reason.as_ref(), false)
    }

    /// No attempt ever will.
    pub(crate) fn never(reason: impl AsRef<str>) -> Self {
        Self::new(reason.as_ref(), true)
    }

    /// The pause until the next attempt, where `attempts` were made; none where it is given up. `noise` is random:
    /// the pause is up to a fifth longer, so that what failed together is not tried together.
    pub(crate) fn pause(&self, attempts: i64, noise: u8) -> Option<Duration> {
        if self.is_final {
            return None;
        }
        pause_after(&PAUSES, attempts, noise)
    }
}

/// The pause after so many attempts; none where it is given up. `noise` is random: the pause is up to a fifth longer.
pub(super) fn pause_after(pauses: &[Duration], attempts: i64, noise: u8) -> Option<Duration> {
    let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let pause = *pauses.get(index)?;
    Some(pause + pause / 5 * u32::from(noise) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_seconds_to_a_day_and_then_it_is_given_up() {
        let failure = AttemptFailure::again("busy");
        let pauses = |noise| (1..=9).map(move |attempts| failure_pause(attempts, noise).unwrap());
        assert_eq!(pauses(0).next(), Some(Duration::from_secs(5)));
        assert_eq!(pauses(0).next_back(), Some(Duration::from_hours(24)));
        assert!(pauses(0).zip(pauses(0).skip(1)).all(|(one, next)| next > one));
        assert_eq!(pauses(255).next(), Some(Duration::from_secs(6)));
        assert_eq!(failure.pause(10, 0), None);
        assert_eq!(failure.pause(0, 0), None, "nothing was tried");
    }

    fn failure_pause(attempts: i64, noise: u8) -> Option<Duration> {
        AttemptFailure::again("busy").pause(attempts, noise)
    }

    #[test]
    fn what_can_never_succeed_is_not_tried_again() {
        assert_eq!(AttemptFailure::never("no such user").pause(1, 0), None);
    }

    #[test]
    fn a_reason_is_short_and_one_line() {
        let failure = AttemptFailure::again(format!("a\r\nb{}", "x".repeat(1_000)));
        assert!(failure.reason.starts_with("a  bx"));
        assert_eq!(failure.reason.chars().count(), 300);
    }
}
