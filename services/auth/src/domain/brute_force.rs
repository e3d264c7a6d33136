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

/// The failures of one account or one address, and the attempts that may become some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    count: u32,
    last: Timestamp,
    in_flight: u32,
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Admitted,
    /// When one of those under way has ended: were all of them wrong, it would come too soon.
    Wait,
    /// Not at all. It is not counted either: asking again does not make the wait longer.
    TooSoon,
}

impl Failures {
    /// Whether one more attempt may be made. Those under way count as what they may turn out to be, so that a
    /// hundred guesses at once are a hundred.
    pub(crate) fn admission(self, rules: DelayRules, now: Timestamp) -> Admission {
        let count = self.remembered(rules, now);
        if now < self.last.plus(delay(count, rules)) {
            Admission::TooSoon
        } else if self.in_flight > 0 && count.saturating_add(self.in_flight) >= rules.free {
            Admission::Wait
        } else {
            Admission::Admitted
        }
    }

    /// With an attempt more under way.
    #[must_use]
    pub(crate) fn begun(self) -> Self {
        Self {
            in_flight: self.in_flight.saturating_add(1),
            ..self
        }
    }

    /// An attempt of `at` was wrong.
    #[must_use]
    pub(crate) fn after_failure(self, rules: DelayRules, at: Timestamp) -> Self {
        Self {
            count: self.remembered(rules, at).saturating_add(1),
            last: self.last.max(at),
            ..self.ended()
        }
    }

    /// An attempt was right, and makes up for all before it.
    #[must_use]
    pub(crate) fn reset(self) -> Self {
        Self {
            in_flight: self.ended().in_flight,
            ..Self::default()
        }
    }

    /// An attempt has ended, and was no failure.
    #[must_use]
    pub(crate) fn ended(self) -> Self {
        let in_flight = self.in_flight.saturating_sub(1);
        if self.count == 0 && in_flight == 0 {
            return Self::default();
        }
        Self { in_flight, ..self }
    }

    /// Whether nothing of it matters any more.
    pub(crate) fn is_over(self, rules: DelayRules, now: Timestamp) -> bool {
        !self.is_in_flight() && now >= self.last.plus(rules.window)
    }

    pub(crate) const fn is_in_flight(self) -> bool {
        self.in_flight > 0
    }

    fn remembered(self, rules: DelayRules, now: Timestamp) -> u32 {
        if now >= self.last.plus(rules.window) {
            0
        } else {
            self.count
        }
    }
}

/// One second after the free ones, and twice as long each time.
fn delay(count: u32, rules: DelayRules) -> Duration {
    match count.checked_sub(rules.free) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1 << over.min(20)).min(rules.longest),
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

    fn after(count: u32) -> Failures {
        Failures {
            count,
            last: START,
            in_flight: 0,
        }
    }

    fn fail(known: Failures, at: Timestamp) -> Failures {
        assert_eq!(known.admission(RULES, at), Admission::Admitted);
        known.begun().after_failure(RULES, at)
    }

    #[test]
    fn the_first_five_cost_nothing() {
        let known = (0..5).fold(Failures::default(), |known, _| fail(known, START));
        assert_eq!(known, after(5));
        assert_eq!(known.admission(RULES, START), Admission::TooSoon);
    }

    #[test]
    fn the_delay_doubles_up_to_the_longest() {
        for (failures, delay) in [(4, 0), (5, 1), (6, 2), (7, 4), (9, 16), (10, 30), (4_000_000, 30)] {
            let known = after(failures);
            let due = START.plus(Duration::from_secs(delay));
            assert_eq!(known.admission(RULES, due), Admission::Admitted, "{failures}");
            if delay > 0 {
                let early = due.minus(Duration::from_micros(1));
                assert_eq!(known.admission(RULES, early), Admission::TooSoon, "{failures}");
            }
        }
    }

    #[test]
    fn a_quiet_window_forgets() {
        let late = START.plus(RULES.window);
        assert_eq!(
            fail(after(9), late),
            Failures {
                last: late,
                ..after(1)
            }
        );
        assert!(after(9).is_over(RULES, late));
        assert!(!after(9).begun().is_over(RULES, late));
    }

    #[test]
    fn attempts_at_once_count_as_what_they_may_be() {
        let four = (0..4).fold(after(1), |known, _| {
            assert_eq!(known.admission(RULES, START), Admission::Admitted);
            known.begun()
        });
        assert_eq!(four.admission(RULES, START), Admission::Wait);
        assert_eq!(four.ended().admission(RULES, START), Admission::Admitted);
        assert_eq!(
            four.after_failure(RULES, START).admission(RULES, START),
            Admission::Wait
        );
        let failed = (0..4).fold(four, |known, _| known.after_failure(RULES, START));
        assert_eq!(failed.admission(RULES, START), Admission::TooSoon);
        // Past the free ones there is one at a time.
        let due = START.plus(Duration::from_secs(1));
        assert_eq!(failed.begun().admission(RULES, due), Admission::Wait);
    }

    #[test]
    fn a_right_one_makes_up_for_all_and_leaves_nothing_behind() {
        let known = after(4).begun().begun();
        assert_eq!(known.reset().admission(RULES, START), Admission::Admitted);
        assert_eq!(known.reset().after_failure(RULES, START), after(1));
        assert_eq!(known.reset().ended(), Failures::default());
    }
}
