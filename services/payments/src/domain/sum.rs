//! A sum of money of more than nothing.

use kit_values::Amount;

/// More than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sum(Amount);

impl Sum {
    pub(crate) const fn new(amount: Amount) -> Option<Self> {
        if amount.minor() > 0 {
            Some(Self(amount))
        } else {
            None
        }
    }

    pub(crate) const fn amount(self) -> Amount {
        self.0
    }

    pub(crate) const fn minor(self) -> i64 {
        self.0.minor()
    }
}
