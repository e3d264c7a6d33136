//! Pauses between tries.

use std::time::Duration;

/// How long it is waited before something that failed is tried again: each pause is twice as long as the one before, up to
/// a longest, and up to half of it is random, so that those who failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first try.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after so many tries in vain; the larger `random`, the shorter, down to a half.
    pub fn pause(self, tries: u32, random: u16) -> Duration {
        let doubled = self
            .first
            .saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
        let pause = doubled.min(self.longest);
        pause.saturating_sub(pause / 2 * u32::from(random) / u32::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_the_longest_and_half_of_it_is_random() {
        let first = Duration::from_millis(250);
        let longest = Duration::from_mins(1);
        let backoff = Backoff { first, longest };
        assert_eq!(backoff.pause(1, 0), first);
        assert_eq!(backoff.pause(3, 0), first * 4);
        for tries in [20, u32::MAX] {
            assert_eq!(backoff.pause(tries, 0), longest);
            assert_eq!(backoff.pause(tries, u16::MAX), longest / 2);
        }
    }
}
