//! Spans of time that statistics are asked for.

use std::time::Duration;

use kit_runtime::Timestamp;
use thiserror::Error;

/// A day, UTC.
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Days of a span at most.
const MOST_DAYS: u64 = 400;
/// Days of a span whose start is not given.
const USUAL: Duration = Duration::from_hours(30 * 24);

/// What times may be asked for: 1970 to 9998, so that what lies around them is a time too.
const EARLIEST: Timestamp = Timestamp::from_seconds(0);
const LATEST: Timestamp = Timestamp::from_seconds(253_370_764_800);

/// Why a span cannot be answered.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum SpanError {
    #[error("`from` must come before `to`")]
    Backwards,
    #[error("`from` and `to` must lie in the years 1970 to 9998")]
    OutOfTime,
    #[error("at most {most} {unit} can be asked for at once")]
    TooLong { most: u64, unit: &'static str },
}

/// Whole days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DaySpan {
    /// The start of the first.
    pub(crate) from: Timestamp,
    /// The end of the last.
    pub(crate) to: Timestamp,
}

impl DaySpan {
    /// The days that a span touches.
    pub(crate) fn check(
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, SpanError> {
        let to = to.unwrap_or(now);
        let from = from.unwrap_or_else(|| to.minus(USUAL).max(EARLIEST));
        ordered(from, to)?;
        let span = Self {
            from: floor(from, DAY),
            to: floor(to, DAY).plus(DAY),
        };
        at_most(span.from, span.to, DAY, (MOST_DAYS, "days"))?;
        Ok(span)
    }
}

/// The start of the day that a moment belongs to.
pub(crate) fn day_of(moment: Timestamp) -> Timestamp {
    floor(moment, DAY)
}

/// The start of the step that a moment belongs to; steps are counted from 1970.
pub(super) fn floor(moment: Timestamp, step: Duration) -> Timestamp {
    let micros = i64::try_from(step.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(moment.as_micros().div_euclid(micros).saturating_mul(micros))
}

pub(super) fn ordered(from: Timestamp, to: Timestamp) -> Result<(), SpanError> {
    if from >= to {
        return Err(SpanError::Backwards);
    }
    if from < EARLIEST || to >= LATEST {
        return Err(SpanError::OutOfTime);
    }
    Ok(())
}

pub(super) fn at_most(
    from: Timestamp,
    to: Timestamp,
    step: Duration,
    (most, unit): (u64, &'static str),
) -> Result<(), SpanError> {
    let steps = to.since(from).as_micros() / step.as_micros().max(1);
    if steps > u128::from(most) {
        return Err(SpanError::TooLong { most, unit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_span_has_all_days_it_touches() {
        let (from, to) = (at("2030-01-01T23:59:59.999999Z"), at("2030-01-03T00:00:00Z"));
        let span = DaySpan::check(Some(from), Some(to), at("2031-01-01T00:00:00Z")).unwrap();
        assert_eq!(
            (span.from, span.to),
            (at("2030-01-01T00:00:00Z"), at("2030-01-04T00:00:00Z"))
        );
    }

    #[test]
    fn without_a_span_it_is_a_month_until_now() {
        let span = DaySpan::check(None, None, at("2030-01-31T12:00:00Z")).unwrap();
        assert_eq!(
            (span.from, span.to),
            (at("2030-01-01T00:00:00Z"), at("2030-02-01T00:00:00Z"))
        );
    }

    #[test]
    fn a_span_goes_forward_and_has_an_end() {
        let now = at("2030-01-01T00:00:00Z");
        let check = |from: &str, to: &str| DaySpan::check(Some(at(from)), Some(at(to)), now);
        assert_eq!(
            check("2030-01-02T00:00:00Z", "2030-01-02T00:00:00Z"),
            Err(SpanError::Backwards)
        );
        assert_eq!(
            check("1969-12-31T23:59:59Z", "1970-01-02T00:00:00Z"),
            Err(SpanError::OutOfTime)
        );
        assert_eq!(
            check("9998-12-31T00:00:00Z", "9999-01-01T00:00:00Z"),
            Err(SpanError::OutOfTime)
        );
        assert!(
            check("2030-01-01T00:00:00Z", "2031-02-04T12:00:00Z").is_ok(),
            "400 days"
        );
        let too_long = check("2030-01-01T00:00:00Z", "2031-02-05T00:00:00Z");
        assert_eq!(
            too_long,
            Err(SpanError::TooLong {
                most: 400,
                unit: "days"
            })
        );
        let young = DaySpan::check(None, Some(at("1970-01-02T00:00:00Z")), now).unwrap();
        assert_eq!(young.from, at("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn what_lies_before_1970_is_rounded_down_too() {
        assert_eq!(day_of(at("1969-12-31T23:00:00Z")), at("1969-12-31T00:00:00Z"));
    }
}
