//! What events told, and adding it up. Whoever adds up holds the generation, and is alone with it.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;

use super::{ROWS_PER_STATEMENT, counts};
use crate::domain::{Counts, Fact, HourCounts, Sums, UserKey, UserSum};

/// Writes down what an event told. A plain row of its own, so that nobody waits for anybody.
pub(crate) async fn record(
    tx: &mut Tx,
    generation: i64,
    event_id: &str,
    fact: &Fact,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO facts (generation, event_id, user_id, at, transactions, amount_minor, paid) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (generation, event_id) DO NOTHING",
    )
    .bind(generation)
    .bind(event_id)
    .bind(fact.user.as_str())
    .bind(fact.at)
    .bind(fact.counts.transactions)
    .bind(fact.counts.amount_minor)
    .bind(fact.counts.paid)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether there is anything to add up.
pub(crate) async fn any_fact(on: &mut impl Session, generation: i64) -> Result<bool, StoreError> {
    let found = sql("SELECT generation FROM generations WHERE generation = $1 AND \
         (EXISTS (SELECT 1 FROM facts WHERE facts.generation = $1) \
          OR EXISTS (SELECT 1 FROM order_facts WHERE order_facts.generation = $1))")
    .bind(generation)
    .optional(on)
    .await?;
    Ok(found.is_some())
}

/// Removes facts to add them up, the oldest first.
pub(crate) async fn take_facts(tx: &mut Tx, generation: i64, limit: u32) -> Result<Vec<Fact>, StoreError> {
    let rows = sql("DELETE FROM facts WHERE generation = $1 AND event_id IN \
         (SELECT event_id FROM facts WHERE generation = $1 ORDER BY event_id LIMIT $2) \
         RETURNING user_id, at, CAST(1 AS BIGINT) AS events, transactions, amount_minor, paid")
    .bind(generation)
    .bind(limit)
    .all(tx)
    .await?;
    rows.iter().map(fact).collect()
}

fn fact(row: &Row) -> Result<Fact, StoreError> {
    let user: String = row.get("user_id")?;
    Ok(Fact {
        user: user.try_into().map_err(|error| StoreError::Column {
            column: "user_id".to_owned(),
            reason: format!("{error}"),
        })?,
        at: row.get("at")?,
        counts: counts(row)?,
    })
}

/// Adds to the counts of users; those of whom nobody had heard before.
pub(crate) async fn add_users(tx: &mut Tx, generation: i64, sums: &Sums) -> Result<Vec<UserKey>, StoreError> {
    let mut new = Vec::new();
    let users: Vec<(&UserKey, &UserSum)> = sums.users.iter().collect();
    for chunk in users.chunks(ROWS_PER_STATEMENT) {
        let insert = sql("INSERT INTO user_counts \
             (generation, user_id, events, transactions, amount_minor, paid, first_at, last_at) VALUES ")
        .push_rows(chunk, |row, (user, sum)| {
            row.bind(generation)
                .bind(user.as_str())
                .bind(sum.counts.events)
                .bind(sum.counts.transactions)
                .bind(sum.counts.amount_minor)
                .bind(sum.counts.paid)
                .bind(sum.first_at)
                .bind(sum.last_at)
        });
        let rows = insert
            .push(
                " ON CONFLICT (generation, user_id) DO UPDATE SET \
                 events = user_counts.events + excluded.events, \
                 transactions = user_counts.transactions + excluded.transactions, \
                 amount_minor = user_counts.amount_minor + excluded.amount_minor, \
                 paid = user_counts.paid + excluded.paid, \
                 first_at = CASE WHEN excluded.first_at < user_counts.first_at \
                     THEN excluded.first_at ELSE user_counts.first_at END, \
                 last_at = CASE WHEN excluded.last_at > user_counts.last_at \
                     THEN excluded.last_at ELSE user_counts.last_at END \
                 RETURNING user_id, events",
            )
            .all(tx)
            .await?;
        for row in &rows {
            let (user, events): (String, i64) = (row.get("user_id")?, row.get("events")?);
            let known = chunk.iter().find(|(key, _)| key.as_str() == user);
            // With nothing before, its events are those that were added now.
            new.extend(
                known
                    .filter(|(_, sum)| sum.counts.events == events)
                    .map(|(key, _)| (*key).clone()),
            );
        }
    }
    Ok(new)
}

/// Adds to the counts of hours.
pub(crate) async fn add_hours(tx: &mut Tx, generation: i64, sums: &Sums) -> Result<(), StoreError> {
    let hours: Vec<(&Timestamp, &HourCounts)> = sums.hours.iter().collect();
    for chunk in hours.chunks(ROWS_PER_STATEMENT) {
        let insert = sql("INSERT INTO hour_counts \
             (generation, hour, events, transactions, amount_minor, paid, users) VALUES ")
        .push_rows(chunk, |row, (hour, HourCounts { counts, users })| {
            row.bind(generation)
                .bind(**hour)
                .bind(counts.events)
                .bind(counts.transactions)
                .bind(counts.amount_minor)
                .bind(counts.paid)
                .bind(*users)
        });
        insert
            .push(
                " ON CONFLICT (generation, hour) DO UPDATE SET \
                 events = hour_counts.events + excluded.events, \
                 transactions = hour_counts.transactions + excluded.transactions, \
                 amount_minor = hour_counts.amount_minor + excluded.amount_minor, \
                 paid = hour_counts.paid + excluded.paid, \
                 users = hour_counts.users + excluded.users",
            )
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Adds to the counts of everything.
pub(crate) async fn add_total(
    tx: &mut Tx,
    generation: i64,
    total: Counts,
    users: i64,
) -> Result<(), StoreError> {
    sql(
        "UPDATE generations SET events = events + $2, transactions = transactions + $3, \
         amount_minor = amount_minor + $4, paid = paid + $5, users = users + $6 WHERE generation = $1",
    )
    .bind(generation)
    .bind(total.events)
    .bind(total.transactions)
    .bind(total.amount_minor)
    .bind(total.paid)
    .bind(users)
    .execute(tx)
    .await?;
    Ok(())
}
