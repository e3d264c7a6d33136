//! The JSON of what is counted from topic `transactions`, and of metrics over time.

use std::borrow::Cow;

use kit_runtime::Timestamp;
use kit_values::{Amount, Currency};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What was counted of topic `transactions`, by all users together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Stats {
    /// Transactions that were created.
    pub total_transactions: u64,
    /// The sum of the transactions that were created.
    pub total_amount: Amount,
    /// Transactions that were paid.
    pub total_paid_transactions: u64,
    /// Events of the topic.
    pub events_processed: u64,
    /// Users with at least one event.
    pub unique_users: u64,
}

/// What was counted of one user; zeros where no event tells of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct UserStats {
    /// The identifier of the user, as in the events.
    pub user_id: String,
    /// Transactions that they created.
    pub total_transactions: u64,
    /// The sum of the transactions that were created.
    pub total_amount: Amount,
    /// Transactions that they paid.
    pub total_paid_transactions: u64,
    /// Events of the user.
    pub events_processed: u64,
    /// When the user's first event happened (UTC).
    pub first_event_at: Option<Timestamp>,
    /// When the user's last event happened (UTC).
    pub last_event_at: Option<Timestamp>,
}

/// What a time series is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Transactions created.
    #[default]
    Transactions,
    /// Their sum.
    Amount,
    /// Transactions paid.
    PaidTransactions,
    /// Events.
    Events,
    /// Users of whom the first event tells.
    NewUsers,
    /// Orders placed.
    Orders,
    /// Orders confirmed: their stock is held.
    OrdersConfirmed,
    /// Orders paid.
    OrdersPaid,
    /// Orders cancelled.
    OrdersCancelled,
    /// Orders rejected: there was not enough of something.
    OrdersRejected,
    /// What was paid for orders in one currency, less what was paid back, each when it happened. What is left of a
    /// paid order goes back when the order is cancelled. In minor units, and less than 0 where more went back than
    /// came.
    Revenue,
}

/// How long each point of a time series is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// An hour.
    Hour,
    /// A day, UTC.
    #[default]
    Day,
}

/// The query of `GET /stats/timeseries`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSeriesQuery {
    /// Of what; `transactions` where it is not given.
    #[serde(default)]
    pub metric: Metric,
    /// How long each point is; `day` where it is not given.
    #[serde(default)]
    pub interval: Interval,
    /// Since when; 24 hours or 30 days before `to` where it is not given.
    pub from: Option<Timestamp>,
    /// Until when, this moment not included; now where it is not given.
    pub to: Option<Timestamp>,
    /// Of `revenue`, and of nothing else, in which currency; the one of most paid orders where it is not given, and
    /// `USD` where there are none.
    pub currency: Option<Currency>,
}

/// A metric over time, by when things happened and not by when they were counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TimeSeries {
    /// The metric that was counted.
    pub metric: Metric,
    /// The length of each point.
    pub interval: Interval,
    /// The start of the first point.
    pub from: Timestamp,
    /// The end of the last point.
    pub to: Timestamp,
    /// The currency of `revenue`; absent for all other metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// One after the other without a gap; the last one may still grow.
    pub points: Vec<Point>,
}

/// One point of a time series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Point {
    /// The start of the point (UTC).
    pub at: Timestamp,
    /// What was counted in it.
    pub value: PointValue,
}

/// A count, a sum of money as a decimal number (`amount`), or one in minor units (`revenue`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PointValue {
    /// How many.
    Count(u64),
    /// How much, as a decimal number.
    Amount(Amount),
    /// How much, in the smallest unit of a currency.
    Minor(i64),
}

impl JsonSchema for PointValue {
    fn schema_name() -> Cow<'static, str> {
        "PointValue".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}
