//! Parts of something in hundredths of a percent.

use crate::Money;
use crate::range::whole_number;

/// What a whole is made of.
const WHOLE: i64 = 10_000;

whole_number! {
    /// A part in basis points, hundredths of a percent: 0 to 10 000, which is all of it.
    pub struct BasisPoints(0..=10_000);
}

impl BasisPoints {
    /// This part of an amount of money, rounded to its smallest unit; what lies in the middle goes to the even
    /// neighbour, so that sums of many do not drift.
    #[must_use]
    pub const fn of(self, money: Money) -> Money {
        // Taken apart so that nothing overflows: the result is never larger than the amount itself.
        let (wholes, rest) = (money.amount_minor / WHOLE, money.amount_minor % WHOLE);
        let parts = rest * self.0;
        let floor = wholes * self.0 + parts.div_euclid(WHOLE);
        let above = parts.rem_euclid(WHOLE);
        let is_up = above > WHOLE / 2 || (above == WHOLE / 2 && floor % 2 != 0);
        Money {
            amount_minor: if is_up { floor + 1 } else { floor },
            currency: money.currency,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    fn part(points: i64, amount_minor: i64) -> i64 {
        let currency = Currency::USD;
        let of = BasisPoints::try_from(points).unwrap().of(Money {
            amount_minor,
            currency,
        });
        assert_eq!(of.currency, currency);
        of.amount_minor
    }

    #[test]
    fn a_part_is_at_most_the_whole() {
        for points in [0, 10_000] {
            assert_eq!(BasisPoints::try_from(points).map(BasisPoints::get), Ok(points));
        }
        for points in [-1, 10_001] {
            let error = BasisPoints::try_from(points).unwrap_err();
            assert_eq!(error.to_string(), "must be 0 to 10000");
        }
    }

    #[test]
    fn the_middle_goes_to_the_even_neighbour() {
        for (points, of, is) in [
            (5_000, 1, 0),
            (5_000, 3, 2),
            (5_000, 5, 2),
            (5_000, -1, 0),
            (5_000, -3, -2),
            (5_000, -5, -2),
            (1_900, 999, 190),
            (1_900, -999, -190),
            (1, 4_999, 0),
            (1, 5_001, 1),
            (1, 15_000, 2),
            (0, i64::MIN, 0),
            (10_000, i64::MIN, i64::MIN),
            (10_000, i64::MAX, i64::MAX),
        ] {
            assert_eq!(part(points, of), is, "{points} of {of}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_nearest_amount(points in 0_i64..=10_000, amount in any::<i64>()) {
            let exact = i128::from(amount) * i128::from(points);
            let off = i128::from(part(points, amount)) * i128::from(WHOLE) - exact;
            prop_assert!(off.abs() <= i128::from(WHOLE / 2));
            if off.abs() == i128::from(WHOLE / 2) {
                prop_assert_eq!(part(points, amount) % 2, 0);
            }
        }
    }
}
