//! Slowing down guesses: a delay that grows with each failure, in place of a lock that an attacker could turn
//! against the owner.

use std::time::Duration;

use kit_runtime::Timestamp;

/// When guesses begin to cost time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DelayRules {
    /// Failures that cost nothing.
    pub free: u32,
    /// How long a failure is remembered after the last one.
    pub window: Duration,
    /// The longest delay.
    pub longest: Duration,
}

/// The failures of one account or one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    count: u32,
    last: Timestamp,
}

impl Failures {
    /// Counts an attempt before its password is looked at, so that a hundred at once are a hundred; `None`
    /// where it comes too soon, and then it is not counted: asking again does not make the wait longer.
    pub(crate) fn attempt(self, rules: DelayRules, now: Timestamp) -> Option<Self> {
        let known = if self.is_over(rules, now) {
            Self::default()
        } else {
            self
        };
        if now < known.last.plus(known.delay(rules)) {
            return None;
        }
        Some(Self {
            count: known.count.saturating_add(1),
            last: now,
        })
    }

    /// Without the last attempt, which was no failure after all.
    pub(crate) fn one_less(self) -> Self {
        Self {
            count: self.count.saturating_sub(1),
            ..self
        }
    }

    /// Whether nothing of it matters any more.
    pub(crate) fn is_over(self, rules: DelayRules, now: Timestamp) -> bool {
        now >= self.last.plus(rules.window)
    }

    /// One second after the free ones, and twice as long each time.
    fn delay(self, rules: DelayRules) -> Duration {
        match self.count.checked_sub(rules.free) {
            None => Duration::ZERO,
            Some(over) => Duration::from_secs(1 << over.min(20)).min(rules.longest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: DelayRules = DelayRules {
        free: 5,
        window: Duration::from_mins(15),
        longest: Duration::from_secs(30),
    };
    const START: Timestamp = Timestamp::from_seconds(1_000);

    fn after(failures: u32) -> Failures {
        (0..failures).fold(Failures::default(), |known, _| Failures {
            count: known.count + 1,
            last: START,
        })
    }

    #[test]
    fn the_first_five_cost_nothing() {
        let mut known = Failures::default();
        for _ in 0..5 {
            known = known.attempt(RULES, START).unwrap();
        }
        assert_eq!(known.attempt(RULES, START), None);
    }

    #[test]
    fn the_delay_doubles_up_to_the_longest() {
        for (failures, delay) in [(4, 0), (5, 1), (6, 2), (7, 4), (9, 16), (10, 30), (4_000_000, 30)] {
            let known = Failures {
                count: failures,
                last: START,
            };
            let due = START.plus(Duration::from_secs(delay));
            assert!(known.attempt(RULES, due).is_some(), "{failures}");
            if delay > 0 {
                assert!(
                    known
                        .attempt(RULES, due.minus(Duration::from_micros(1)))
                        .is_none(),
                    "{failures}"
                );
            }
        }
    }

    #[test]
    fn a_quiet_window_forgets() {
        let late = START.plus(RULES.window);
        assert_eq!(
            after(9).attempt(RULES, late),
            Some(Failures { count: 1, last: late })
        );
    }
}
