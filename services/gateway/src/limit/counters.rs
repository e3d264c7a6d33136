//! Who is due when, in memory that never grows.
//!
//! A table of small sets, each behind its own lock; a caller's hash chooses the set and is the caller's name
//! in it. An entry whose moment has gone by says nothing (see [`gcra`](crate::limit::gcra)), so its place is
//! free without anybody having freed it: there is no sweep, no timer and no allocation.
//!
//! When a set is full of entries that do say something, the one that is due soonest gives way, who has used
//! up the least of what it may. So whoever sends from a million addresses at once loosens the limit for the
//! modest, who were not near it; the immoderate stay, nobody is refused for another's sake, and no memory is
//! taken. At the default rate an address that sent one request is remembered for two milliseconds, so it
//! takes tens of millions of requests a second to come that far.
//!
//! The hash is keyed anew in every process: nobody can choose whom to share a set with.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limit::gcra::{Decision, Moment, Quota};

/// One mebibyte and a bit.
const SETS: usize = 8192;
const SLOTS_PER_SET: usize = 8;

#[derive(Clone, Copy, Default)]
struct Entry {
    /// The hash of who it is. Two with the same would share a limit; in 64 bits they do not meet.
    who: u64,
    due: Moment,
}

/// Remembers who is due when.
pub(crate) struct Counters {
    sets: Box<[Mutex<[Entry; SLOTS_PER_SET]>]>,
    hasher: RandomState,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Decides about a request of `who`, and remembers it where it passes. Decisions about one caller come
    /// one after the other, however many are asked for at once.
    pub(crate) fn decide(&self, who: &impl Hash, quota: Quota, now: Moment) -> Decision {
        let mut slot = self.slot(who);
        let decision = quota.decide(slot.due(), now);
        if let Decision::Pass { due } = decision {
            slot.set(due);
        }
        decision
    }

    /// How long `who` would be refused by what is remembered; nothing is remembered of asking.
    pub(crate) fn wait(&self, who: &impl Hash, quota: Quota, now: Moment) -> Option<u64> {
        quota.wait(self.slot(who).due(), now)
    }

    /// Remembers what was decided elsewhere; what is remembered already may be later.
    pub(crate) fn raise(&self, who: &impl Hash, due: Moment) {
        let mut slot = self.slot(who);
        if due > slot.due() {
            slot.set(due);
        }
    }

    fn slot(&self, who: &impl Hash) -> CounterSlot<'_> {
        let who = self.hasher.hash_one(who);
        // The remainder fits, whatever a pointer's width.
        let index = usize::try_from(who % SETS as u64).unwrap_or(0);
        let set = self.sets[index].lock().unwrap_or_else(PoisonError::into_inner);
        let known = set.iter().position(|entry| entry.who == who);
        CounterSlot { set, who, known }
    }
}

/// Somebody's set, while nobody else has it.
struct CounterSlot<'a> {
    set: MutexGuard<'a, [Entry; SLOTS_PER_SET]>,
    who: u64,
    known: Option<usize>,
}

impl CounterSlot<'_> {
    fn due(&self) -> Moment {
        self.known.map_or(0, |slot| self.set[slot].due)
    }

    fn set(&mut self, due: Moment) {
        let slot = self.known.unwrap_or_else(|| soonest(&self.set));
        self.set[slot] = Entry { who: self.who, due };
    }
}

/// The slot that is free, or whose moment comes first.
fn soonest(set: &[Entry; SLOTS_PER_SET]) -> usize {
    let slots = set.iter().enumerate();
    slots
        .min_by_key(|(_, entry)| entry.due)
        .map_or(0, |(slot, _)| slot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::rate::Rate;

    const START: Moment = 1_700_000_000_000_000_000;
    const SECOND: u64 = 1_000_000_000;

    fn quota(text: &str) -> Quota {
        text.parse::<Rate>().unwrap().into()
    }

    fn passes(counters: &Counters, who: u64, quota: Quota, now: Moment) -> bool {
        matches!(counters.decide(&who, quota, now), Decision::Pass { .. })
    }

    #[test]
    fn each_has_a_limit_of_their_own() {
        let (counters, quota) = (Counters::new(), quota("1/s burst 2"));
        for who in 0..1000 {
            assert!(passes(&counters, who, quota, START) && passes(&counters, who, quota, START));
            assert!(!passes(&counters, who, quota, START));
        }
        for who in 0..1000 {
            assert!(passes(&counters, who, quota, START + SECOND));
        }
    }

    #[test]
    fn of_parallel_requests_exactly_the_burst_passes() {
        let (counters, quota) = (Counters::new(), quota("1/m burst 1000"));
        let count = || (0..1000).filter(|_| passes(&counters, 7, quota, START)).count();
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 1000);
    }

    #[test]
    fn a_flood_of_callers_neither_forgive_the_immoderate_nor_shut_out_the_new() {
        let (counters, quota) = (Counters::new(), quota("1/m burst 10"));
        let immoderate: Vec<u64> = (0..100).collect();
        for &who in &immoderate {
            while passes(&counters, who, quota, START) {}
        }
        // All at one moment: none of their places becomes free by itself.
        assert!((1_000_000..1_200_000).all(|who| passes(&counters, who, quota, START)));
        assert!(!immoderate.iter().any(|&who| passes(&counters, who, quota, START)));
        assert!(passes(&counters, 3_000_000, quota, START));
    }

    #[test]
    fn a_place_whose_moment_has_gone_by_is_taken_first() {
        let (counters, quota) = (Counters::new(), quota("10/s burst 2"));
        // Together the rounds are more than there are places; each round alone is far less.
        for round in 0..20 {
            let (crowd, now) = (round * 10_000..(round + 1) * 10_000, START + round * SECOND);
            for who in crowd.clone() {
                assert!(passes(&counters, who, quota, now));
            }
            let remembered = crowd
                .filter(|&who| passes(&counters, who, quota, now) && !passes(&counters, who, quota, now));
            // A few may have met in one set.
            assert!(remembered.count() > 9_990);
        }
    }
}
