//! Periods, counted from the moment of the first payment: that one is the anchor, and no period moves it. So a period of
//! a month that begins on 31 January ends on 28 February, and the next one on 31 March.

use std::time::Duration;

use jiff::Span;
use jiff::tz::TimeZone;
use kit_runtime::Timestamp;
use subscriptions_api::Period;

const DAY: Duration = Duration::from_hours(24);

/// Days that are counted as a calendar month.
const MONTH: u32 = 30;

/// Days that are counted as a calendar year.
const YEAR: u32 = 365;

/// When the periods of a subscription begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// The moment of the first payment.
    pub anchor: Timestamp,
    /// How long a period is: a multiple of 30 counts calendar months, 365 is a calendar year, others are days.
    pub duration_days: u32,
}

impl Calendar {
    /// A period; the first is 0.
    pub(crate) fn period(&self, index: u32) -> Period {
        Period {
            start: self.boundary(index),
            end: self.boundary(index.saturating_add(1)),
        }
    }

    /// Where so many periods after the anchor end.
    fn boundary(&self, periods: u32) -> Timestamp {
        let by_months = months(self.duration_days).and_then(|months| {
            let span = Span::new()
                .try_months(i64::from(months) * i64::from(periods))
                .ok()?;
            let anchor = jiff::Timestamp::from_microsecond(self.anchor.as_micros()).ok()?;
            let moment = anchor.to_zoned(TimeZone::UTC).checked_add(span).ok()?;
            Some(Timestamp::from_micros(moment.timestamp().as_microsecond()))
        });
        // Beyond what a calendar knows, thousands of years from now, days are counted.
        by_months.unwrap_or_else(|| {
            let days = self.duration_days.saturating_mul(periods);
            self.anchor.plus(DAY.saturating_mul(days))
        })
    }
}

/// How many calendar months a duration is, where it is some.
const fn months(duration_days: u32) -> Option<u32> {
    match duration_days {
        YEAR => Some(12),
        days if days > 0 && days % MONTH == 0 => Some(days / MONTH),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}T10:30:00Z").parse().unwrap()
    }

    fn ends(anchor: &str, duration_days: u32, count: u32) -> Vec<Timestamp> {
        let calendar = Calendar {
            anchor: at(anchor),
            duration_days,
        };
        (0..count).map(|index| calendar.period(index).end).collect()
    }

    #[test]
    fn a_month_ends_on_the_anchors_day_or_the_months_last() {
        let expected = ["2030-02-28", "2030-03-31", "2030-04-30", "2030-05-31"].map(at);
        assert_eq!(ends("2030-01-31", 30, 4), expected);
        let leap = ["2032-02-29", "2032-03-31"].map(at);
        assert_eq!(ends("2032-01-31", 30, 2), leap);
    }

    #[test]
    fn a_quarter_and_a_year_are_months_too() {
        assert_eq!(ends("2030-11-30", 90, 2), ["2031-02-28", "2031-05-30"].map(at));
        assert_eq!(
            ends("2032-02-29", 365, 4),
            ["2033-02-28", "2034-02-28", "2035-02-28", "2036-02-29"].map(at)
        );
        assert_eq!(ends("2030-03-15", 360, 1), ["2031-03-15"].map(at));
    }

    #[test]
    fn other_durations_are_days() {
        assert_eq!(ends("2030-01-31", 7, 2), ["2030-02-07", "2030-02-14"].map(at));
        assert_eq!(ends("2030-01-31", 1, 1), ["2030-02-01"].map(at));
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_gaps(
            anchor in 0_i64..4_000_000_000, duration_days in 1_u32..=3_660, index in 0_u32..200,
        ) {
            let calendar = Calendar { anchor: Timestamp::from_seconds(anchor), duration_days };
            let (one, next) = (calendar.period(index), calendar.period(index + 1));
            prop_assert_eq!(one.end, next.start);
            prop_assert!(one.start < one.end);
            let days = one.end.since(one.start).as_secs() / DAY.as_secs();
            let slack = 3 + u64::from(duration_days / 30);
            prop_assert!(days.abs_diff(u64::from(duration_days)) <= slack, "{} days", days);
        }
    }
}
