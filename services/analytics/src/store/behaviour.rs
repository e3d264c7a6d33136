//! What visitors did, by the day, and what was sold of products beside it.

use analytics_api::{ProductStats, RankBy, TrackedKind};
use kit_db::{Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_values::{Currency, Money};

use super::ROWS_PER_STATEMENT;
use crate::domain::{Batch, DaySpan, ProductCounts, Visitor};

/// Adds to the counts of products, in one order everywhere, so that two batches never wait for each other.
pub(crate) async fn add_products(tx: &mut Tx, batch: &Batch) -> Result<(), StoreError> {
    let products: Vec<(&(Timestamp, String), &ProductCounts)> = batch.products.iter().collect();
    for chunk in products.chunks(ROWS_PER_STATEMENT) {
        let insert = sql("INSERT INTO product_days (day, sku, viewed, added, ordered) VALUES ").push_rows(
            chunk,
            |row, ((day, sku), counts)| {
                row.bind(*day)
                    .bind(sku)
                    .bind(counts.viewed)
                    .bind(counts.added)
                    .bind(counts.ordered)
            },
        );
        insert
            .push(
                " ON CONFLICT (day, sku) DO UPDATE SET viewed = product_days.viewed + excluded.viewed, \
                 added = product_days.added + excluded.added, \
                 ordered = product_days.ordered + excluded.ordered",
            )
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// How two journeys of a visitor become one.
const TOGETHER: &str = " ON CONFLICT (visitor, day) DO UPDATE SET viewed = journeys.viewed | excluded.viewed, \
     added = journeys.added | excluded.added, started = journeys.started | excluded.started, \
     ordered = journeys.ordered | excluded.ordered";

/// Notes how far a visitor came; a batch touches at most three days.
pub(crate) async fn add_journeys(tx: &mut Tx, visitor: Visitor, batch: &Batch) -> Result<(), StoreError> {
    for (day, done) in &batch.journeys {
        sql("INSERT INTO journeys (visitor, day, viewed, added, started, ordered) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(visitor.to_string())
            .bind(*day)
            .bind(done.contains(&TrackedKind::ProductViewed))
            .bind(done.contains(&TrackedKind::AddedToCart))
            .bind(done.contains(&TrackedKind::CheckoutStarted))
            .bind(done.contains(&TrackedKind::ProductOrdered))
            .push(TOGETHER)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Makes a guest's journeys those of the user whom the guest turned out to be.
pub(crate) async fn assign_guest_events(
    tx: &mut Tx,
    guest: Visitor,
    user: Visitor,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO journeys (visitor, day, viewed, added, started, ordered) \
         SELECT CAST($1 AS TEXT), day, viewed, added, started, ordered FROM journeys WHERE visitor = $2",
    )
    .push(TOGETHER)
    .bind(user.to_string())
    .bind(guest.to_string())
    .execute(tx)
    .await?;
    sql("DELETE FROM journeys WHERE visitor = $1")
        .bind(guest.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// The products that most was done with, and their revenue in a currency.
pub(crate) async fn top_products(
    on: &mut impl Session,
    by: RankBy,
    (span, currency): (DaySpan, Currency),
    limit: u32,
) -> Result<Vec<ProductStats>, StoreError> {
    let (condition, order) = match by {
        RankBy::Viewed => (" HAVING SUM(viewed) > 0", " ORDER BY SUM(viewed) DESC"),
        RankBy::Added => (" HAVING SUM(added) > 0", " ORDER BY SUM(added) DESC"),
        RankBy::Ordered => (" HAVING SUM(ordered) > 0", " ORDER BY SUM(ordered) DESC"),
        RankBy::Sold => (" HAVING SUM(sold) > 0", " ORDER BY SUM(sold) DESC"),
        RankBy::Revenue => (" HAVING SUM(revenue) > 0", " ORDER BY SUM(revenue) DESC"),
    };
    let rows = sql(
        "SELECT sku, CAST(SUM(viewed) AS BIGINT) AS viewed, CAST(SUM(added) AS BIGINT) AS added, \
         CAST(SUM(ordered) AS BIGINT) AS ordered, CAST(SUM(sold) AS BIGINT) AS sold, \
         CAST(SUM(revenue) AS BIGINT) AS revenue FROM \
         (SELECT sku, viewed, added, ordered, 0 AS sold, 0 AS revenue FROM product_days \
          WHERE day >= $1 AND day < $2 \
          UNION ALL \
          SELECT sku, 0, 0, 0, sold, CASE WHEN currency = $3 THEN revenue_minor ELSE 0 END FROM order_products \
          JOIN generations ON generations.generation = order_products.generation AND generations.state = 'live' \
          WHERE day >= $1 AND day < $2) AS done GROUP BY sku",
    )
    .bind(span.from)
    .bind(span.to)
    .bind(currency.to_string())
    .push(condition)
    .push(order)
    .push(", sku LIMIT ")
    .push_bind(limit)
    .all(on)
    .await?;
    let products = rows.iter().map(|row| {
        Ok(ProductStats {
            sku: row.get("sku")?,
            viewed: row.get("viewed")?,
            added: row.get("added")?,
            ordered: row.get("ordered")?,
            sold: row.get("sold")?,
            revenue: Money {
                amount_minor: row.get("revenue")?,
                currency,
            },
        })
    });
    products.collect()
}

/// How many visitors took each step and all before it: visited, viewed, added, started, ordered.
pub(crate) async fn funnel(on: &mut impl Session, span: DaySpan) -> Result<[u64; 5], StoreError> {
    let row = sql("SELECT COUNT(*) AS visited, \
         CAST(COALESCE(SUM(viewed), 0) AS BIGINT) AS viewed, \
         CAST(COALESCE(SUM(viewed * added), 0) AS BIGINT) AS added, \
         CAST(COALESCE(SUM(viewed * added * started), 0) AS BIGINT) AS started, \
         CAST(COALESCE(SUM(viewed * added * started * ordered), 0) AS BIGINT) AS ordered FROM \
         (SELECT MAX(viewed) AS viewed, MAX(added) AS added, MAX(started) AS started, MAX(ordered) AS ordered \
          FROM journeys WHERE day >= $1 AND day < $2 GROUP BY visitor) AS visitors")
    .bind(span.from)
    .bind(span.to)
    .one(on)
    .await?;
    Ok([
        row.get("visited")?,
        row.get("viewed")?,
        row.get("added")?,
        row.get("started")?,
        row.get("ordered")?,
    ])
}

/// Removes some of what was done before a day; how many rows.
pub(crate) async fn forget_behaviour(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let journeys = sql("DELETE FROM journeys WHERE (visitor, day) IN \
         (SELECT visitor, day FROM journeys WHERE day < $1 LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await?;
    let products = sql("DELETE FROM product_days WHERE (day, sku) IN \
         (SELECT day, sku FROM product_days WHERE day < $1 LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await?;
    Ok(journeys + products)
}
