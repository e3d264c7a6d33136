//! A metric over time, made of what was counted by the hour.

use std::time::Duration;

use analytics_api::{Interval, Metric, Point, PointValue, TimeSeries, TimeSeriesQuery};
use kit_runtime::Timestamp;
use kit_values::{Amount, Currency};

use super::counts::{HOUR, HourCounts};
use super::orders::OrderMetric;
use super::span::{self, DAY, SpanError, floor};

/// Points of a series at most; the longest series by the day reads 24 000 hours.
const MOST_POINTS: u64 = 1_000;

/// What a metric is read from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SeriesSource {
    /// What was counted of transactions, and which of it.
    Transactions(fn(HourCounts) -> i64),
    /// What was counted of orders.
    Orders(OrderMetric),
}

/// A series that can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    metric: Metric,
    interval: Interval,
    /// The start of the first point.
    pub(crate) from: Timestamp,
    /// The end of the last point.
    pub(crate) to: Timestamp,
}

impl Series {
    /// All points that the span touches.
    pub(crate) fn check(query: TimeSeriesQuery, now: Timestamp) -> Result<Self, SpanError> {
        let (step, usual) = (step(query.interval), usual(query.interval));
        let to = query.to.unwrap_or(now);
        let from = query.from.unwrap_or_else(|| to.minus(usual));
        span::ordered(from, to)?;
        let end = floor(to, step);
        let series = Self {
            metric: query.metric,
            interval: query.interval,
            from: floor(from, step),
            to: if end == to { end } else { end.plus(step) },
        };
        span::at_most(series.from, series.to, step, (MOST_POINTS, "points"))?;
        Ok(series)
    }

    pub(crate) fn source(self) -> SeriesSource {
        match self.metric {
            Metric::Transactions => SeriesSource::Transactions(|hour| hour.counts.transactions),
            Metric::Amount => SeriesSource::Transactions(|hour| hour.counts.amount_minor),
            Metric::PaidTransactions => SeriesSource::Transactions(|hour| hour.counts.paid),
            Metric::Events => SeriesSource::Transactions(|hour| hour.counts.events),
            Metric::NewUsers => SeriesSource::Transactions(|hour| hour.users),
            Metric::Orders => SeriesSource::Orders(OrderMetric::Placed),
            Metric::OrdersConfirmed => SeriesSource::Orders(OrderMetric::Confirmed),
            Metric::OrdersPaid => SeriesSource::Orders(OrderMetric::Paid),
            Metric::OrdersCancelled => SeriesSource::Orders(OrderMetric::Cancelled),
            Metric::OrdersRejected => SeriesSource::Orders(OrderMetric::Rejected),
            Metric::Revenue => SeriesSource::Orders(OrderMetric::Revenue),
        }
    }

    /// The series, given its metric in each of its hours, in order, and the currency of that where it has one.
    pub(crate) fn of(self, hours: &[(Timestamp, i64)], currency: Option<Currency>) -> TimeSeries {
        let step = step(self.interval);
        let mut hours = hours.iter().peekable();
        let mut points = Vec::new();
        let mut at = self.from;
        while at < self.to {
            let end = at.plus(step);
            let mut sum = 0;
            while let Some((_, value)) = hours.next_if(|(hour, _)| *hour < end) {
                sum += value;
            }
            points.push(Point {
                at,
                value: self.value(sum),
            });
            at = end;
        }
        TimeSeries {
            metric: self.metric,
            interval: self.interval,
            from: self.from,
            to: self.to,
            currency,
            points,
        }
    }

    fn value(self, sum: i64) -> PointValue {
        match self.metric {
            Metric::Amount => PointValue::Amount(Amount::from_minor(sum)),
            Metric::Revenue => PointValue::Minor(sum),
            _ => PointValue::Count(u64::try_from(sum).unwrap_or(0)),
        }
    }
}

fn step(interval: Interval) -> Duration {
    match interval {
        Interval::Hour => HOUR,
        Interval::Day => DAY,
    }
}

fn usual(interval: Interval) -> Duration {
    match interval {
        Interval::Hour => DAY,
        Interval::Day => DAY * 30,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn query(interval: Interval, from: &str, to: &str) -> TimeSeriesQuery {
        TimeSeriesQuery {
            metric: Metric::Events,
            interval,
            from: Some(at(from)),
            to: Some(at(to)),
            currency: None,
        }
    }

    fn hour(text: &str, events: i64) -> (Timestamp, i64) {
        (at(text), events)
    }

    fn values(series: &TimeSeries) -> Vec<(String, PointValue)> {
        series
            .points
            .iter()
            .map(|point| (point.at.to_string(), point.value))
            .collect()
    }

    #[test]
    fn hours_without_anything_are_points_too() {
        let request = query(Interval::Hour, "2030-01-01T10:59:59Z", "2030-01-01T13:00:00Z");
        let series = Series::check(request, at("2031-01-01T00:00:00Z")).unwrap();
        let answer = series.of(
            &[hour("2030-01-01T10:00:00Z", 3), hour("2030-01-01T12:00:00Z", 4)],
            None,
        );
        assert_eq!(
            values(&answer),
            [
                ("2030-01-01T10:00:00.000000Z".to_owned(), PointValue::Count(3)),
                ("2030-01-01T11:00:00.000000Z".to_owned(), PointValue::Count(0)),
                ("2030-01-01T12:00:00.000000Z".to_owned(), PointValue::Count(4)),
            ]
        );
        assert_eq!(answer.to, at("2030-01-01T13:00:00Z"));
    }

    #[test]
    fn a_day_is_the_sum_of_its_hours() {
        let request = query(
            Interval::Day,
            "2030-01-01T00:00:00Z",
            "2030-01-02T00:00:00.000001Z",
        );
        let series = Series::check(request, at("2031-01-01T00:00:00Z")).unwrap();
        let answer = series.of(
            &[
                hour("2030-01-01T00:00:00Z", 1),
                hour("2030-01-01T23:00:00Z", 2),
                hour("2030-01-02T00:00:00Z", 4),
            ],
            None,
        );
        let counts: Vec<_> = answer.points.iter().map(|point| point.value).collect();
        assert_eq!(counts, [PointValue::Count(3), PointValue::Count(4)]);
        assert_eq!(answer.to, at("2030-01-03T00:00:00Z"));
    }

    #[test]
    fn a_series_has_a_thousand_points_at_most() {
        let now = at("2031-01-01T00:00:00Z");
        let check = |to: &str| Series::check(query(Interval::Hour, "2030-01-01T00:00:00Z", to), now);
        assert!(check("2030-02-11T16:00:00Z").is_ok());
        let too_long = check("2030-02-11T16:00:00.000001Z");
        assert_eq!(
            too_long,
            Err(SpanError::TooLong {
                most: 1_000,
                unit: "points"
            })
        );
        let backwards = query(Interval::Day, "2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z");
        assert_eq!(Series::check(backwards, now), Err(SpanError::Backwards));
    }

    #[test]
    fn without_a_span_it_ends_now() {
        let series = Series::check(TimeSeriesQuery::default(), at("2030-01-31T12:00:00Z")).unwrap();
        assert_eq!(
            (series.from, series.to),
            (at("2030-01-01T00:00:00Z"), at("2030-02-01T00:00:00Z"))
        );
        let hourly = TimeSeriesQuery {
            interval: Interval::Hour,
            ..TimeSeriesQuery::default()
        };
        let series = Series::check(hourly, at("2030-01-31T12:30:00Z")).unwrap();
        assert_eq!(
            (series.from, series.to),
            (at("2030-01-30T12:00:00Z"), at("2030-01-31T13:00:00Z"))
        );
    }
}
