//! Events of providers.

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;

use crate::domain::WebhookEvent;

kit_db::table_row! {
    WebhookEvent in "webhook_events" {
        provider: value,
        event_id: value,
        body: value,
        applied: value,
        next_look_at: value,
        looks: value,
        received_at: value,
    }
}

/// Inserts an event, unless it is known.
pub(crate) async fn insert_webhook_event(tx: &mut Tx, event: &WebhookEvent) -> Result<(), StoreError> {
    kit_db::insert(event)
        .push(" ON CONFLICT (provider, event_id) DO NOTHING")
        .execute(tx)
        .await?;
    Ok(())
}

/// At most `limit` events that are to be applied, the most overdue first.
pub(crate) async fn list_due_webhook_events(
    on: &mut impl Session,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<WebhookEvent>, StoreError> {
    select::<WebhookEvent>("WHERE applied = 0 AND next_look_at <= $1 ORDER BY next_look_at LIMIT $2")
        .bind(now)
        .bind(limit)
        .rows(on)
        .await
}

/// Takes an event for whoever has seen it so, until its next time; false where somebody else has.
pub(crate) async fn claim_webhook_event(
    tx: &mut Tx,
    seen: &WebhookEvent,
    claimed: &WebhookEvent,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE webhook_events SET next_look_at = $4, looks = $5 \
         WHERE provider = $1 AND event_id = $2 AND looks = $3 AND applied = 0")
    .bind(&seen.provider)
    .bind(&seen.event_id)
    .bind(seen.looks)
    .bind(claimed.next_look_at)
    .bind(claimed.looks)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

pub(crate) async fn mark_webhook_applied(tx: &mut Tx, event: &WebhookEvent) -> Result<(), StoreError> {
    sql("UPDATE webhook_events SET applied = 1 WHERE provider = $1 AND event_id = $2")
        .bind(&event.provider)
        .bind(&event.event_id)
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes those that were applied, and received before this time.
pub(crate) async fn delete_webhook_events(tx: &mut Tx, before: Timestamp) -> Result<(), StoreError> {
    sql("DELETE FROM webhook_events WHERE applied = 1 AND received_at < $1")
        .bind(before)
        .execute(tx)
        .await?;
    Ok(())
}
