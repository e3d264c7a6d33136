//! What is asked of the orders of the live generation.

use std::collections::BTreeMap;

use kit_db::{Session, StoreError, sql};
use kit_runtime::Timestamp;
use kit_values::Currency;

use crate::domain::{DaySpan, OrderMetric, OrderTotal};

/// A metric in each hour from one to before another, in order; hours with nothing are left out. In one currency, or
/// in all of them together.
pub(crate) async fn order_hours(
    on: &mut impl Session,
    metric: OrderMetric,
    (from, to): (Timestamp, Timestamp),
    currency: Option<Currency>,
) -> Result<Vec<(Timestamp, i64)>, StoreError> {
    let mut statement = sql(
        "SELECT hour, CAST(SUM(value) AS BIGINT) AS value FROM order_hours \
         JOIN generations ON generations.generation = order_hours.generation AND generations.state = 'live' \
         WHERE metric = $1 AND hour >= $2 AND hour < $3",
    )
    .bind(metric.as_str())
    .bind(from)
    .bind(to);
    if let Some(currency) = currency {
        statement = statement.push(" AND currency = ").push_bind(currency.to_string());
    }
    let rows = statement.push(" GROUP BY hour ORDER BY hour").all(on).await?;
    let hours = rows.iter().map(|row| Ok((row.get("hour")?, row.get("value")?)));
    hours.collect()
}

/// How many orders were placed within days, and how many of them were confirmed and paid.
pub(crate) async fn order_funnel(on: &mut impl Session, span: DaySpan) -> Result<[u64; 3], StoreError> {
    let steps = [
        OrderMetric::Placed,
        OrderMetric::PlacedConfirmed,
        OrderMetric::PlacedPaid,
    ];
    let rows = sql(
        "SELECT metric, CAST(SUM(value) AS BIGINT) AS value FROM order_hours \
         JOIN generations ON generations.generation = order_hours.generation AND generations.state = 'live' \
         WHERE hour >= $1 AND hour < $2 AND metric IN ",
    )
    .bind(span.from)
    .bind(span.to)
    .push_list(steps.map(OrderMetric::as_str))
    .push(" GROUP BY metric")
    .all(on)
    .await?;
    let mut reached = BTreeMap::new();
    for row in &rows {
        reached.insert(row.parse::<OrderMetric>("metric")?, row.get("value")?);
    }
    Ok(steps.map(|step| reached.get(&step).copied().unwrap_or(0)))
}

/// The currency in which most orders were paid.
pub(crate) async fn usual_currency(on: &mut impl Session) -> Result<Currency, StoreError> {
    let found = sql("SELECT currency FROM order_totals \
         JOIN generations ON generations.generation = order_totals.generation AND generations.state = 'live' \
         WHERE metric = $1 AND value > 0 ORDER BY value DESC, currency LIMIT 1")
    .bind(OrderTotal::PaidOrders.as_str())
    .optional(on)
    .await?;
    found.map_or(Ok(Currency::USD), |row| row.parse("currency"))
}

/// The totals: one statement, so they are of one moment.
pub(crate) async fn order_totals(
    on: &mut impl Session,
) -> Result<Vec<(OrderTotal, Currency, i64)>, StoreError> {
    let rows = sql("SELECT metric, currency, value FROM order_totals \
         JOIN generations ON generations.generation = order_totals.generation AND generations.state = 'live'")
    .all(on)
    .await?;
    let totals = rows
        .iter()
        .map(|row| Ok((row.parse("metric")?, row.parse("currency")?, row.get("value")?)));
    totals.collect()
}
