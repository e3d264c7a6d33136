//! What is asked of the live generation.

use analytics_api::{Stats, UserStats};
use kit_db::{Row, Session, StoreError, sql};
use kit_runtime::Timestamp;
use kit_values::Amount;

use super::counts;
use crate::domain::HourCounts;

/// The totals: one row, so they are of one moment.
pub(crate) async fn stats(on: &mut impl Session) -> Result<Stats, StoreError> {
    let row =
        sql("SELECT events, transactions, amount_minor, paid, users FROM generations WHERE state = 'live'")
            .one(on)
            .await?;
    Ok(Stats {
        total_transactions: row.get("transactions")?,
        total_amount: Amount::from_minor(row.get("amount_minor")?),
        total_paid_transactions: row.get("paid")?,
        events_processed: row.get("events")?,
        unique_users: row.get("users")?,
    })
}

const USERS: &str = "SELECT user_counts.* FROM user_counts \
     JOIN generations ON generations.generation = user_counts.generation AND generations.state = 'live' \
     WHERE user_counts.user_id ";

pub(crate) async fn user_stats(
    on: &mut impl Session,
    user_id: &str,
) -> Result<Option<UserStats>, StoreError> {
    let found = sql(USERS).push("= $1").bind(user_id).optional(on).await?;
    found.map(|row| user(&row)).transpose()
}

/// At most `limit` users in the order of their identifiers, after the one given.
pub(crate) async fn users(
    on: &mut impl Session,
    after: &str,
    limit: i64,
) -> Result<Vec<UserStats>, StoreError> {
    let rows = sql(USERS)
        .push("> $1 ORDER BY user_counts.user_id LIMIT $2")
        .bind(after)
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(user).collect()
}

/// What was counted in each hour from one to before another, in order; hours with nothing are left out.
pub(crate) async fn hours(
    on: &mut impl Session,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, HourCounts)>, StoreError> {
    let rows = sql("SELECT hour_counts.* FROM hour_counts \
         JOIN generations ON generations.generation = hour_counts.generation AND generations.state = 'live' \
         WHERE hour >= $1 AND hour < $2 ORDER BY hour")
    .bind(from)
    .bind(to)
    .all(on)
    .await?;
    let hours = rows.iter().map(|row| {
        let counted = HourCounts {
            counts: counts(row)?,
            users: row.get("users")?,
        };
        Ok((row.get("hour")?, counted))
    });
    hours.collect()
}

fn user(row: &Row) -> Result<UserStats, StoreError> {
    Ok(UserStats {
        user_id: row.get("user_id")?,
        total_transactions: row.get("transactions")?,
        total_amount: Amount::from_minor(row.get("amount_minor")?),
        total_paid_transactions: row.get("paid")?,
        events_processed: row.get("events")?,
        first_event_at: Some(row.get("first_at")?),
        last_event_at: Some(row.get("last_at")?),
    })
}
