//! What is sent by webhook: a queue that processes share. Whoever takes a delivery out of it has it until `due_at`,
//! and the number of its attempt says whose it is.

use kit_db::{Session, StoreError, Tx, insert, select, sql};
use kit_runtime::Timestamp;
use notifications_api::{WebhookDeliveryId, WebhookDeliveryState, WebhookEndpointId};

use crate::domain::{DeliveryOutcome, WebhookAttempt, WebhookAttemptId, WebhookDelivery};

kit_db::table_row! {
    WebhookDelivery in "webhook_deliveries" {
        id("delivery_id"): text, endpoint_id: text, webhook_id: value, r#type("type"): value, body: value, state: text,
        attempts: value, earlier_attempts: value, due_at: value, created_at: value, finished_at: value
    }
}

kit_db::table_row! {
    WebhookAttempt in "webhook_attempts" {
        id("attempt_id"): text, endpoint_id: text, delivery_id: text, number: value, attempted_at: value,
        duration_ms: value, status_code: value, error: value, response: value
    }
}

/// Adds a delivery, unless its endpoint has one of this webhook.
pub(crate) async fn insert_delivery(tx: &mut Tx, delivery: &WebhookDelivery) -> Result<(), StoreError> {
    insert(delivery)
        .push(" ON CONFLICT (endpoint_id, webhook_id) DO NOTHING")
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes at most `limit` of an endpoint's deliveries that are due, for an attempt that may last until `until`.
pub(crate) async fn take_due_deliveries(
    tx: &mut Tx,
    endpoint_id: WebhookEndpointId,
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<WebhookDelivery>, StoreError> {
    let due = select::<WebhookDelivery>(
        "WHERE endpoint_id = $1 AND state = 'pending' AND due_at <= $2 ORDER BY due_at LIMIT $3",
    );
    let due = due
        .bind(endpoint_id.to_string())
        .bind(now)
        .bind(limit)
        .for_update_skip_locked();
    let mut deliveries: Vec<WebhookDelivery> = due.rows(tx).await?;
    sql("UPDATE webhook_deliveries SET attempts = attempts + 1, due_at = $1 WHERE delivery_id IN ")
        .bind(until)
        .push_list(deliveries.iter().map(|delivery| delivery.id.to_string()))
        .execute(tx)
        .await?;
    for delivery in &mut deliveries {
        delivery.attempts += 1;
    }
    Ok(deliveries)
}

/// Ends the attempt of a delivery; false where it is not the newest, or the delivery has ended.
pub(crate) async fn finish_delivery(
    tx: &mut Tx,
    delivery: &WebhookDelivery,
    outcome: DeliveryOutcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (state, due_at, finished_at) = match outcome {
        DeliveryOutcome::Delivered => (WebhookDeliveryState::Delivered, delivery.due_at, Some(now)),
        DeliveryOutcome::TryAgain(due_at) => (WebhookDeliveryState::Pending, due_at, None),
        DeliveryOutcome::Failed => (WebhookDeliveryState::Failed, delivery.due_at, Some(now)),
    };
    let finished = sql(
        "UPDATE webhook_deliveries SET state = $3, due_at = $4, finished_at = $5 \
         WHERE delivery_id = $1 AND attempts = $2 AND state = 'pending'",
    )
    .bind(delivery.id.to_string())
    .bind(delivery.attempts)
    .bind(state.as_str())
    .bind(due_at)
    .bind(finished_at)
    .execute(tx)
    .await?;
    Ok(finished == 1)
}

/// Gives up everything that is to be sent to an endpoint.
pub(crate) async fn fail_pending_deliveries(
    tx: &mut Tx,
    endpoint_id: WebhookEndpointId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "UPDATE webhook_deliveries SET state = 'failed', finished_at = $2 \
         WHERE endpoint_id = $1 AND state = 'pending'",
    )
    .bind(endpoint_id.to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Sends a delivery again at once, with pauses from the beginning.
pub(crate) async fn replay_delivery(
    tx: &mut Tx,
    id: WebhookDeliveryId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "UPDATE webhook_deliveries SET state = 'pending', earlier_attempts = attempts, due_at = $2, \
         finished_at = NULL WHERE delivery_id = $1",
    )
    .bind(id.to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Sends again at most `limit` of an endpoint's deliveries that failed and were made at `since` or later, the oldest
/// first; how many.
pub(crate) async fn replay_failed_deliveries(
    tx: &mut Tx,
    (endpoint_id, since): (WebhookEndpointId, Timestamp),
    limit: i64,
    now: Timestamp,
) -> Result<u64, StoreError> {
    sql(
        "UPDATE webhook_deliveries SET state = 'pending', earlier_attempts = attempts, due_at = $4, \
         finished_at = NULL WHERE delivery_id IN \
         (SELECT delivery_id FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'failed' \
          AND created_at >= $2 ORDER BY created_at LIMIT $3)",
    )
    .bind(endpoint_id.to_string())
    .bind(since)
    .bind(limit)
    .bind(now)
    .execute(tx)
    .await
}

/// Whether an endpoint has deliveries that failed and were made at a moment or later.
pub(crate) async fn has_failed_deliveries(
    on: &mut impl Session,
    endpoint_id: WebhookEndpointId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let row = sql("SELECT delivery_id FROM webhook_deliveries \
         WHERE endpoint_id = $1 AND state = 'failed' AND created_at >= $2 LIMIT 1")
    .bind(endpoint_id.to_string())
    .bind(since)
    .optional(on)
    .await?;
    Ok(row.is_some())
}

/// At most `limit` of an endpoint's deliveries, the newest first, from before the one given, in one state or any.
pub(crate) async fn list_deliveries(
    on: &mut impl Session,
    (endpoint_id, state): (WebhookEndpointId, Option<WebhookDeliveryState>),
    before: Option<WebhookDeliveryId>,
    limit: i64,
) -> Result<Vec<WebhookDelivery>, StoreError> {
    let mut statement = select::<WebhookDelivery>("WHERE endpoint_id = $1").bind(endpoint_id.to_string());
    if let Some(state) = state {
        statement = statement.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(before) = before {
        statement = statement
            .push(" AND delivery_id < ")
            .push_bind(before.to_string());
    }
    statement
        .push(" ORDER BY delivery_id DESC LIMIT ")
        .push_bind(limit)
        .rows(on)
        .await
}

/// A delivery to this endpoint.
pub(crate) async fn find_delivery(
    on: &mut impl Session,
    endpoint_id: WebhookEndpointId,
    id: WebhookDeliveryId,
) -> Result<Option<WebhookDelivery>, StoreError> {
    select::<WebhookDelivery>("WHERE delivery_id = $1 AND endpoint_id = $2")
        .bind(id.to_string())
        .bind(endpoint_id.to_string())
        .row(on)
        .await
}

/// Removes at most `limit` deliveries that ended before a moment, with their attempts; how many.
pub(crate) async fn delete_finished_deliveries(
    tx: &mut Tx,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    sql("DELETE FROM webhook_deliveries WHERE delivery_id IN \
         (SELECT delivery_id FROM webhook_deliveries WHERE state <> 'pending' AND finished_at < $1 \
          ORDER BY finished_at LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await
}

pub(crate) async fn insert_attempt(tx: &mut Tx, attempt: &WebhookAttempt) -> Result<(), StoreError> {
    insert(attempt).execute(tx).await?;
    Ok(())
}

/// At most `limit` attempts at an endpoint, the newest first, from before the one given.
pub(crate) async fn list_attempts(
    on: &mut impl Session,
    endpoint_id: WebhookEndpointId,
    before: Option<WebhookAttemptId>,
    limit: i64,
) -> Result<Vec<WebhookAttempt>, StoreError> {
    let mut statement = select::<WebhookAttempt>("WHERE endpoint_id = $1").bind(endpoint_id.to_string());
    if let Some(before) = before {
        statement = statement.push(" AND attempt_id < ").push_bind(before.to_string());
    }
    statement
        .push(" ORDER BY attempt_id DESC LIMIT ")
        .push_bind(limit)
        .rows(on)
        .await
}

/// At most `limit` attempts of a delivery, the newest first.
pub(crate) async fn list_attempts_of(
    on: &mut impl Session,
    delivery_id: WebhookDeliveryId,
    limit: i64,
) -> Result<Vec<WebhookAttempt>, StoreError> {
    select::<WebhookAttempt>("WHERE delivery_id = $1 ORDER BY number DESC LIMIT $2")
        .bind(delivery_id.to_string())
        .bind(limit)
        .rows(on)
        .await
}
