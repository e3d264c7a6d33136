//! How much one user's transactions may come to.

use kit_values::Amount;

use super::Sum;
use crate::config::{LimitCounts, TransactionLimit};

/// The limit of each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub most: TransactionLimit,
    pub counts: LimitCounts,
}

impl Limit {
    /// What the user's total may be at most before `sum` is added to it; none where the sum alone is too much.
    /// Asked so, and not whether the total and the sum are within the limit, nothing can overflow.
    pub(crate) fn room_before(&self, sum: Sum) -> Option<Amount> {
        let room = self.most.0.minor() - sum.minor();
        (room >= 0).then(|| Amount::from_minor(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(most: i64, sum: i64) -> Option<i64> {
        let limit = Limit {
            most: TransactionLimit(Amount::from_minor(most)),
            counts: LimitCounts::All,
        };
        let sum = Sum::new(Amount::from_minor(sum)).unwrap();
        limit.room_before(sum).map(Amount::minor)
    }

    #[test]
    fn a_sum_leaves_the_rest_of_the_limit_as_room() {
        assert_eq!(room(100_000, 85_050), Some(14_950));
        assert_eq!(room(100_000, 100_000), Some(0));
        assert_eq!(room(100_000, 100_001), None);
        assert_eq!(room(1, i64::MAX), None);
        assert_eq!(room(i64::MAX, i64::MAX), Some(0));
        assert_eq!(room(i64::MAX, 1), Some(i64::MAX - 1));
    }
}
