//! What an event adds to the counts, and what many of them add together.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

use kit_runtime::Timestamp;
use kit_values::Amount;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::span::floor;

/// An hour of the series.
pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// More than anybody's transaction or order is worth, and so little that millions of them are no overflow.
pub(super) const LARGEST_AMOUNT: i64 = 1_000_000_000_000;
const MOST_PAID: u64 = 1_000_000_000;
const LONGEST_USER: usize = 200;

/// A user as an event names them. Ours are UUIDs; somebody else's count too, whatever they look like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct UserKey(String);

/// Why an event cannot be counted, whenever it is tried.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum NotCounted {
    #[error("`user_id` must have 1 to {LONGEST_USER} bytes and no NUL")]
    User,
    #[error("`amount` must be more than 0 and at most {LARGEST_AMOUNT} hundredths")]
    Amount,
    #[error("`transactions_paid` must be at most {MOST_PAID}")]
    Paid,
    #[error("`version` must be at least 1")]
    Version,
    #[error("amounts must be 0 to {LARGEST_AMOUNT} of the smallest unit")]
    OrderAmount,
    #[error("all amounts of an order must be of one currency")]
    Currency,
}

/// How much of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) events: i64,
    pub(crate) transactions: i64,
    pub(crate) amount_minor: i64,
    pub(crate) paid: i64,
}

/// What one event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) user: UserKey,
    pub(crate) at: Timestamp,
    pub(crate) counts: Counts,
}

/// What some facts tell together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) total: Counts,
    pub(crate) users: BTreeMap<UserKey, UserSum>,
    pub(crate) hours: BTreeMap<Timestamp, HourCounts>,
}

/// What some facts tell of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UserSum {
    pub(crate) counts: Counts,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

/// What happened in an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HourCounts {
    pub(crate) counts: Counts,
    pub(crate) users: i64,
}

impl UserKey {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserKey {
    type Error = NotCounted;

    fn try_from(text: String) -> Result<Self, NotCounted> {
        let is_one = (1..=LONGEST_USER).contains(&text.len()) && !text.contains('\0');
        if is_one {
            Ok(Self(text))
        } else {
            Err(NotCounted::User)
        }
    }
}

impl fmt::Display for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fact {
    /// A transaction was created.
    pub(crate) fn created(user: UserKey, amount: Amount, at: Timestamp) -> Result<Self, NotCounted> {
        if !(1..=LARGEST_AMOUNT).contains(&amount.minor()) {
            return Err(NotCounted::Amount);
        }
        let counts = Counts {
            events: 1,
            transactions: 1,
            amount_minor: amount.minor(),
            paid: 0,
        };
        Ok(Self { user, at, counts })
    }

    /// Transactions were paid.
    pub(crate) fn paid(user: UserKey, transactions: u64, at: Timestamp) -> Result<Self, NotCounted> {
        let paid = i64::try_from(transactions).map_err(|_| NotCounted::Paid)?;
        if transactions > MOST_PAID {
            return Err(NotCounted::Paid);
        }
        let counts = Counts {
            events: 1,
            paid,
            ..Counts::default()
        };
        Ok(Self { user, at, counts })
    }
}

impl Sums {
    /// Adds facts up.
    pub(crate) fn of(facts: impl IntoIterator<Item = Fact>) -> Self {
        let mut sums = Self::default();
        for fact in facts {
            sums.total += fact.counts;
            sums.hours.entry(floor(fact.at, HOUR)).or_default().counts += fact.counts;
            let user = sums.users.entry(fact.user).or_insert(UserSum {
                counts: Counts::default(),
                first_at: fact.at,
                last_at: fact.at,
            });
            user.counts += fact.counts;
            user.first_at = user.first_at.min(fact.at);
            user.last_at = user.last_at.max(fact.at);
        }
        sums
    }

    /// Notes that nobody had heard of these users before; each is new in the hour of their first fact. How many.
    pub(crate) fn welcome<'u>(&mut self, new: impl IntoIterator<Item = &'u UserKey>) -> i64 {
        let mut count = 0;
        for user in new {
            let Some(sum) = self.users.get(user) else { continue };
            self.hours.entry(floor(sum.first_at, HOUR)).or_default().users += 1;
            count += 1;
        }
        count
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.transactions += other.transactions;
        self.amount_minor += other.amount_minor;
        self.paid += other.paid;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user(name: &str) -> UserKey {
        name.to_owned().try_into().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    fn created(name: &str, minor: i64, second: i64) -> Fact {
        Fact::created(user(name), Amount::from_minor(minor), at(second)).unwrap()
    }

    #[test]
    fn what_cannot_be_meant_is_not_counted() {
        for minor in [0, -1, i64::MIN, LARGEST_AMOUNT + 1, i64::MAX] {
            let fact = Fact::created(user("ada"), Amount::from_minor(minor), at(0));
            assert_eq!(fact, Err(NotCounted::Amount), "{minor}");
        }
        for paid in [MOST_PAID + 1, u64::MAX] {
            assert_eq!(Fact::paid(user("ada"), paid, at(0)), Err(NotCounted::Paid));
        }
        for name in ["", "a\0b", &"x".repeat(201)] {
            assert_eq!(
                UserKey::try_from(name.to_owned()),
                Err(NotCounted::User),
                "{name:?}"
            );
        }
    }

    #[test]
    fn facts_are_added_up_by_user_and_by_hour() {
        let paid = Fact::paid(user("ada"), 2, at(3_600)).unwrap();
        let mut sums = Sums::of([created("ada", 85_050, 3_599), paid, created("grace", 1, 7_199)]);
        let (early, late) = (at(0), at(3_600));
        assert_eq!(
            sums.total,
            Counts {
                events: 3,
                transactions: 2,
                amount_minor: 85_051,
                paid: 2
            }
        );
        assert_eq!(sums.hours[&early].counts.amount_minor, 85_050);
        assert_eq!(
            sums.hours[&late].counts,
            Counts {
                events: 2,
                transactions: 1,
                amount_minor: 1,
                paid: 2
            }
        );
        let ada = sums.users[&user("ada")];
        assert_eq!(
            (ada.first_at, ada.last_at, ada.counts.events),
            (at(3_599), at(3_600), 2)
        );
        assert_eq!(sums.welcome([&user("ada"), &user("eve")]), 1);
        assert_eq!((sums.hours[&early].users, sums.hours[&late].users), (1, 0));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_facts_are_split(
            facts in prop::collection::vec((0..4_u8, 1..1_000_i64, -10_000..10_000_i64), 0..40),
            cut in 0..40_usize,
        ) {
            let facts: Vec<Fact> = facts
                .into_iter()
                .map(|(name, minor, second)| created(&name.to_string(), minor, second))
                .collect();
            let cut = cut.min(facts.len());
            let whole = Sums::of(facts.clone());
            let (first, second) = (Sums::of(facts[..cut].to_vec()), Sums::of(facts[cut..].to_vec()));
            let mut total = first.total;
            total += second.total;
            prop_assert_eq!(total, whole.total);
            for (hour, counts) in &whole.hours {
                let mut sum = first.hours.get(hour).copied().unwrap_or_default();
                let other = second.hours.get(hour).copied().unwrap_or_default();
                sum.counts += other.counts;
                sum.users += other.users;
                prop_assert_eq!(sum, *counts);
            }
            for (user, sum) in &whole.users {
                let parts = [first.users.get(user), second.users.get(user)];
                let events: i64 = parts.iter().flatten().map(|part| part.counts.events).sum();
                prop_assert_eq!(events, sum.counts.events);
            }
        }
    }
}
