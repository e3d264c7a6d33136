//! For how long the live generation stands still, so that a newer one can take over.
//!
//! Under load both are always some events apart, and where there is as much to do as can be done the newer one
//! would never catch up. So nothing is added to the live one for a while; what is recorded meanwhile is added
//! afterwards. The number is kept in the table and moved on by every process once a second, whoever began: a
//! process that dies leaves no standstill behind.

/// Seconds of a standstill at most, for one process; with several it is shorter.
const LONGEST: i64 = 30;

/// Seconds in which everything goes on before the next one.
const BETWEEN: i64 = 30;

/// Whether nothing may be added.
pub(crate) fn stands_still(standstill: i64) -> bool {
    standstill > 0
}

/// The number a second later; `takeover` says whether a newer generation could take over.
pub(crate) fn next_standstill(standstill: i64, takeover: Takeover) -> i64 {
    match (standstill, takeover) {
        (0, Takeover::NotYet) => 0,
        (LONGEST.., _) => -BETWEEN,
        (number, _) => number + 1,
    }
}

/// Whether a newer generation could take over from the live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeover {
    Possible,
    NotYet,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standstill_begins_when_it_is_wanted_and_ends_by_itself() {
        assert_eq!(next_standstill(0, Takeover::NotYet), 0);
        let mut number = next_standstill(0, Takeover::Possible);
        let mut seconds = 0;
        while stands_still(number) {
            number = next_standstill(number, Takeover::NotYet);
            seconds += 1;
        }
        assert_eq!(seconds, LONGEST);
        let mut pause = 0;
        while number != 0 {
            number = next_standstill(number, Takeover::Possible);
            assert!(!stands_still(number));
            pause += 1;
        }
        assert_eq!(pause, BETWEEN);
    }
}
