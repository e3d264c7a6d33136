//! The generic cell rate algorithm: a rate with a burst, remembered as one moment.
//!
//! What is remembered of somebody is when their next request would be due if all so far had come evenly.
//! Each request that passes moves it on by one interval; a request may come early by as much as the burst
//! allows, and not more. So a moment that has gone by says nothing that no moment at all would not say,
//! which is what lets its memory be used for somebody else.

use std::num::NonZero;
use std::time::Duration;

use crate::limit::rate::Rate;

/// Nanoseconds on a clock that does not matter.
pub(crate) type Moment = u64;

/// How far ahead of a whole burst a moment may be before it counts as written by a clock that has been set
/// back since. It is more than two processors disagree by.
const SET_BACK: u64 = 10_000_000_000;

/// A rate, ready to decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// From one request to the next.
    interval: u64,
    /// The intervals of a whole burst.
    depth: u64,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It passes; this is to be remembered.
    Pass {
        /// When the next one is due.
        due: Moment,
    },
    /// It does not, and nothing is remembered of it.
    Refuse {
        /// After how long one would pass, in nanoseconds.
        wait: u64,
    },
}

impl Quota {
    /// Decides about a request now, of somebody whose next is due then. There is nothing to remember of
    /// somebody new: any moment that has gone by will do.
    pub(crate) fn decide(self, due: Moment, now: Moment) -> Decision {
        let most = now.saturating_add(self.depth);
        let due = if due > most.saturating_add(SET_BACK) {
            now
        } else {
            due.max(now)
        };
        let next = due.saturating_add(self.interval);
        if next <= most {
            Decision::Pass { due: next }
        } else {
            Decision::Refuse { wait: next - most }
        }
    }
}

impl Quota {
    /// How long somebody is refused who is due then; nothing is remembered of them for asking.
    pub(crate) fn wait(self, due: Moment, now: Moment) -> Option<u64> {
        match self.decide(due, now) {
            Decision::Pass { .. } => None,
            Decision::Refuse { wait } => Some(wait),
        }
    }

    /// The same in whole microseconds, rounded so that never more pass.
    pub(crate) fn in_whole_micros(self) -> Self {
        Self::of(self.interval.div_ceil(1000).saturating_mul(1000), self.burst())
    }

    /// The interval and the depth in microseconds.
    pub(crate) fn micros(self) -> (u64, u64) {
        (self.interval / 1000, self.depth / 1000)
    }

    /// What one of so many gateways lets pass that do not count together; all of them no more than this, but for
    /// a burst of less than one each.
    pub(crate) fn share_of(self, gateways: NonZero<u32>) -> Self {
        let gateways = u64::from(gateways.get());
        let interval = self.interval.saturating_mul(gateways);
        Self::of(interval, (self.burst() / gateways).max(1))
    }

    fn of(interval: u64, burst: u64) -> Self {
        Self {
            interval,
            depth: interval.saturating_mul(burst),
        }
    }

    fn burst(self) -> u64 {
        self.depth / self.interval.max(1)
    }
}

impl From<Rate> for Quota {
    fn from(rate: Rate) -> Self {
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self::of(nanos(rate.interval()), rate.burst().into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Moment = 1_700_000_000_000_000_000;
    const SECOND: u64 = 1_000_000_000;

    fn quota(text: &str) -> Quota {
        text.parse::<Rate>().unwrap().into()
    }

    /// Somebody who asks, and what is remembered of them.
    struct Caller {
        quota: Quota,
        due: Moment,
    }

    impl Caller {
        fn new(rate: &str) -> Self {
            Self {
                quota: quota(rate),
                due: 0,
            }
        }

        /// How long to wait; zero where the request passed.
        fn asks(&mut self, now: Moment) -> u64 {
            match self.quota.decide(self.due, now) {
                Decision::Pass { due } => {
                    self.due = due;
                    0
                }
                Decision::Refuse { wait } => wait,
            }
        }

        fn passes_at_once(&mut self, now: Moment) -> usize {
            (0..1000).take_while(|_| self.asks(now) == 0).count()
        }
    }

    #[test]
    fn a_burst_passes_at_once_and_then_one_an_interval() {
        let mut caller = Caller::new("10/s burst 3");
        assert_eq!(caller.passes_at_once(START), 3);
        assert_eq!(caller.asks(START), SECOND / 10);
        assert_eq!(caller.asks(START + SECOND / 10 - 1), 1);
        assert_eq!(caller.asks(START + SECOND / 10), 0);
        assert_eq!(caller.asks(START + SECOND / 10), SECOND / 10);
    }

    #[test]
    fn a_pause_brings_back_the_burst_and_no_more() {
        let mut caller = Caller::new("10/s burst 3");
        caller.passes_at_once(START);
        assert_eq!(caller.passes_at_once(START + SECOND / 5), 2);
        assert_eq!(caller.passes_at_once(START + 3600 * SECOND), 3);
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let mut caller = Caller::new("1/s burst 1");
        assert_eq!(caller.asks(START), 0);
        for asked in 0..100 {
            assert!(caller.asks(START + asked) > 0);
        }
        assert_eq!(caller.asks(START + SECOND), 0);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut caller = Caller::new("1/s burst 5");
        caller.passes_at_once(START);
        assert_eq!(caller.passes_at_once(START - 3600 * SECOND), 5);
        // A little back is a processor behind another, and forgives nothing.
        assert_eq!(caller.passes_at_once(START - 3600 * SECOND - SECOND), 0);
    }

    #[test]
    fn gateways_apart_let_no_more_pass_than_one() {
        let share = |text, gateways| quota(text).share_of(NonZero::new(gateways).unwrap());
        assert_eq!(share("10/s burst 30", 1), quota("10/s burst 30"));
        assert_eq!(share("10/s burst 30", 3), quota("200/m burst 10"));
        assert_eq!(share("10/s burst 32", 3), quota("200/m burst 10"));
        assert_eq!(
            share("12/m burst 2", 3),
            quota("4/m burst 1"),
            "each at least one"
        );
    }

    #[test]
    fn whole_microseconds_are_never_too_short() {
        assert_eq!(
            quota("7/s burst 7").in_whole_micros().micros(),
            (142_858, 1_000_006)
        );
        assert_eq!(
            quota("1000000/s burst 5").in_whole_micros(),
            quota("1000000/s burst 5")
        );
    }

    proptest! {
        #[test]
        fn never_more_pass_than_the_burst_and_what_the_time_allows(
            count in 1_u32..2000,
            burst in 1_u32..50,
            pauses in proptest::collection::vec(prop_oneof![Just(0), 0..SECOND / 100, 0..3 * SECOND], 1..400),
        ) {
            let mut caller = Caller::new(&format!("{count}/s burst {burst}"));
            let (mut now, mut passed) = (START, Vec::new());
            for pause in pauses {
                now += pause;
                if caller.asks(now) == 0 {
                    passed.push(now);
                }
            }
            // In any stretch of time, not only from the beginning.
            for (first, from) in passed.iter().enumerate() {
                for (last, until) in passed.iter().enumerate().skip(first) {
                    let allowed = u64::from(burst) + (until - from) * u64::from(count) / SECOND;
                    prop_assert!(((last - first) as u64) < allowed);
                }
            }
        }

        #[test]
        fn who_waits_as_told_passes_and_not_a_moment_earlier(
            count in 1_u32..2000,
            burst in 1_u32..50,
            pauses in proptest::collection::vec(0..SECOND / 10, 1..200),
        ) {
            let mut caller = Caller::new(&format!("{count}/s burst {burst}"));
            let mut now = START;
            for pause in pauses {
                now += pause;
                let wait = caller.asks(now);
                if wait > 0 {
                    prop_assert_eq!(caller.asks(now + wait - 1), 1);
                    now += wait;
                    prop_assert_eq!(caller.asks(now), 0);
                }
            }
        }

        #[test]
        fn a_moment_gone_by_decides_as_none_at_all(
            count in 1_u32..2000,
            burst in 1_u32..50,
            gone in 0..3600 * SECOND,
        ) {
            let quota = quota(&format!("{count}/m burst {burst}"));
            prop_assert_eq!(quota.decide(START - gone, START), quota.decide(0, START));
        }
    }
}
