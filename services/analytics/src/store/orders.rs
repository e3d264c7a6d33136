//! What events of orders told, and adding it up. Whoever adds up holds the generation, and is alone with it.

use std::collections::{BTreeMap, BTreeSet};

use kit_db::{StoreError, Tx, sql};
use orders_api::OrderId;
use serde::Serialize;

use super::ROWS_PER_STATEMENT;
use crate::domain::{CountedOrder, OrderFact, OrderSums};

/// Writes down what an event told. A plain row of its own, so that nobody waits for anybody.
pub(crate) async fn record_order(
    tx: &mut Tx,
    generation: i64,
    event_id: &str,
    fact: &OrderFact,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO order_facts (generation, event_id, fact) VALUES ($1, $2, $3) \
         ON CONFLICT (generation, event_id) DO NOTHING",
    )
    .bind(generation)
    .bind(event_id)
    .bind(json("fact", fact)?)
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes facts to add them up, the oldest first.
pub(crate) async fn take_order_facts(
    tx: &mut Tx,
    generation: i64,
    limit: u32,
) -> Result<Vec<OrderFact>, StoreError> {
    let rows = sql("DELETE FROM order_facts WHERE generation = $1 AND event_id IN \
         (SELECT event_id FROM order_facts WHERE generation = $1 ORDER BY event_id LIMIT $2) RETURNING fact")
    .bind(generation)
    .bind(limit)
    .all(tx)
    .await?;
    rows.iter().map(|row| row.json("fact")).collect()
}

/// What is known of the orders that facts are of.
pub(crate) async fn orders_of(
    tx: &mut Tx,
    generation: i64,
    facts: &[OrderFact],
) -> Result<BTreeMap<OrderId, CountedOrder>, StoreError> {
    let ids: BTreeSet<OrderId> = facts.iter().map(|fact| fact.order_id).collect();
    let ids: Vec<String> = ids.iter().map(OrderId::to_string).collect();
    let mut orders = BTreeMap::new();
    for chunk in ids.chunks(ROWS_PER_STATEMENT) {
        let rows = sql("SELECT order_id, steps FROM counted_orders WHERE generation = $1 AND order_id IN ")
            .bind(generation)
            .push_list(chunk)
            .all(tx)
            .await?;
        for row in &rows {
            orders.insert(row.parse("order_id")?, row.json("steps")?);
        }
    }
    Ok(orders)
}

/// Keeps what is known of orders by now.
pub(crate) async fn put_orders(
    tx: &mut Tx,
    generation: i64,
    orders: &BTreeMap<OrderId, CountedOrder>,
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for (id, order) in orders {
        rows.push((id.to_string(), order.events(), json("steps", order)?));
    }
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let insert = sql("INSERT INTO counted_orders (generation, order_id, events, steps) VALUES ")
            .push_rows(chunk, |row, (id, events, steps)| {
                row.bind(generation).bind(id).bind(*events).bind(steps)
            });
        insert
            .push(
                " ON CONFLICT (generation, order_id) DO UPDATE SET events = excluded.events, \
                 steps = excluded.steps",
            )
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Adds to the counts of hours, of products and of everything.
pub(crate) async fn add_order_sums(tx: &mut Tx, generation: i64, sums: &OrderSums) -> Result<(), StoreError> {
    let hours: Vec<_> = sums.hours.iter().collect();
    for chunk in hours.chunks(ROWS_PER_STATEMENT) {
        sql("INSERT INTO order_hours (generation, metric, hour, currency, value) VALUES ")
            .push_rows(chunk, |row, ((metric, hour, currency), value)| {
                let row = row.bind(generation).bind(metric.as_str()).bind(*hour);
                row.bind(currency.to_string()).bind(**value)
            })
            .push(
                " ON CONFLICT (generation, metric, hour, currency) DO UPDATE SET \
                 value = order_hours.value + excluded.value",
            )
            .execute(tx)
            .await?;
    }
    let products: Vec<_> = sums.products.iter().collect();
    for chunk in products.chunks(ROWS_PER_STATEMENT) {
        sql("INSERT INTO order_products (generation, day, sku, currency, sold, revenue_minor) VALUES ")
            .push_rows(chunk, |row, ((day, sku, currency), sold)| {
                let row = row
                    .bind(generation)
                    .bind(*day)
                    .bind(sku)
                    .bind(currency.to_string());
                row.bind(sold.units).bind(sold.revenue_minor)
            })
            .push(
                " ON CONFLICT (generation, day, sku, currency) DO UPDATE SET \
                 sold = order_products.sold + excluded.sold, \
                 revenue_minor = order_products.revenue_minor + excluded.revenue_minor",
            )
            .execute(tx)
            .await?;
    }
    add_order_totals(tx, generation, sums).await
}

async fn add_order_totals(tx: &mut Tx, generation: i64, sums: &OrderSums) -> Result<(), StoreError> {
    let totals: Vec<_> = sums.totals.iter().collect();
    for chunk in totals.chunks(ROWS_PER_STATEMENT) {
        sql("INSERT INTO order_totals (generation, metric, currency, value) VALUES ")
            .push_rows(chunk, |row, ((metric, currency), value)| {
                let row = row.bind(generation).bind(metric.as_str());
                row.bind(currency.to_string()).bind(**value)
            })
            .push(
                " ON CONFLICT (generation, metric, currency) DO UPDATE SET \
                 value = order_totals.value + excluded.value",
            )
            .execute(tx)
            .await?;
    }
    sql("UPDATE generations SET order_events = order_events + $2 WHERE generation = $1")
        .bind(generation)
        .bind(sums.events)
        .execute(tx)
        .await?;
    Ok(())
}

fn json(column: &str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Column {
        column: column.to_owned(),
        reason: error.to_string(),
    })
}
