//! Who gets webhooks.

use kit_db::{Session, StoreError, Tx, insert, select, sql};
use kit_runtime::Timestamp;
use notifications_api::{WebhookDisabledReason, WebhookEndpointId};

use crate::domain::WebhookEndpoint;

kit_db::table_row! {
    WebhookEndpoint in "webhook_endpoints" {
        id("endpoint_id"): text, url: value, events: text, description: value, status: text,
        disabled_reason: optional_text, disabled_at: value, failing_since: value, secret_version: value,
        secret_check: value, previous_secret_until: value, managed_by: text, created_at: value, updated_at: value
    }
}

/// Holds, until the transaction ends, what must not change while it is looked whether an endpoint may be added or
/// moved.
pub(crate) async fn hold_webhook_guard(tx: &mut Tx) -> Result<(), StoreError> {
    sql("SELECT guard_id FROM webhook_guard")
        .for_update()
        .one(tx)
        .await?;
    Ok(())
}

pub(crate) async fn count_endpoints(on: &mut impl Session) -> Result<i64, StoreError> {
    let row = sql("SELECT CAST(COUNT(*) AS BIGINT) AS endpoints FROM webhook_endpoints")
        .one(on)
        .await?;
    row.get("endpoints")
}

pub(crate) async fn find_endpoint_at(
    on: &mut impl Session,
    url: &str,
) -> Result<Option<WebhookEndpoint>, StoreError> {
    select::<WebhookEndpoint>("WHERE url = $1")
        .bind(url)
        .row(on)
        .await
}

pub(crate) async fn insert_endpoint(tx: &mut Tx, endpoint: &WebhookEndpoint) -> Result<(), StoreError> {
    insert(endpoint).execute(tx).await?;
    Ok(())
}

/// At most `limit` endpoints, the newest first, from before the one given.
pub(crate) async fn list_endpoints(
    on: &mut impl Session,
    before: Option<WebhookEndpointId>,
    limit: i64,
) -> Result<Vec<WebhookEndpoint>, StoreError> {
    let mut statement = select::<WebhookEndpoint>("WHERE 1 = 1");
    if let Some(before) = before {
        statement = statement
            .push(" AND endpoint_id < ")
            .push_bind(before.to_string());
    }
    statement
        .push(" ORDER BY endpoint_id DESC LIMIT ")
        .push_bind(limit)
        .rows(on)
        .await
}

/// All that get webhooks; there are only so many.
pub(crate) async fn list_enabled_endpoints(
    on: &mut impl Session,
) -> Result<Vec<WebhookEndpoint>, StoreError> {
    select::<WebhookEndpoint>("WHERE status = 'enabled' ORDER BY endpoint_id")
        .rows(on)
        .await
}

/// Those to which something is due.
pub(crate) async fn list_due_endpoints(
    on: &mut impl Session,
    now: Timestamp,
) -> Result<Vec<WebhookEndpoint>, StoreError> {
    select::<WebhookEndpoint>(
        "WHERE status = 'enabled' AND EXISTS \
         (SELECT 1 FROM webhook_deliveries WHERE webhook_deliveries.endpoint_id = webhook_endpoints.endpoint_id \
          AND webhook_deliveries.state = 'pending' AND webhook_deliveries.due_at <= $1)",
    )
    .bind(now)
    .rows(on)
    .await
}

pub(crate) async fn find_endpoint(
    on: &mut impl Session,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, StoreError> {
    select::<WebhookEndpoint>("WHERE endpoint_id = $1")
        .bind(id.to_string())
        .row(on)
        .await
}

/// As [`find_endpoint`], held until the transaction ends.
pub(crate) async fn hold_endpoint(
    tx: &mut Tx,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, StoreError> {
    select::<WebhookEndpoint>("WHERE endpoint_id = $1")
        .bind(id.to_string())
        .for_update()
        .row(tx)
        .await
}

pub(crate) async fn update_endpoint(tx: &mut Tx, endpoint: &WebhookEndpoint) -> Result<(), StoreError> {
    sql(
        "UPDATE webhook_endpoints SET url = $2, events = $3, description = $4, status = $5, disabled_reason = $6, \
         disabled_at = $7, failing_since = $8, secret_version = $9, secret_check = $10, previous_secret_until = $11, \
         managed_by = $12, updated_at = $13 WHERE endpoint_id = $1",
    )
    .bind(endpoint.id.to_string())
    .bind(&endpoint.url)
    .bind(endpoint.events.to_string())
    .bind(endpoint.description.clone())
    .bind(endpoint.status.as_str())
    .bind(endpoint.disabled_reason.map(WebhookDisabledReason::as_str))
    .bind(endpoint.disabled_at)
    .bind(endpoint.failing_since)
    .bind(endpoint.secret_version)
    .bind(&endpoint.secret_check)
    .bind(endpoint.previous_secret_until)
    .bind(endpoint.managed_by.to_string())
    .bind(endpoint.updated_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes an endpoint with all that was or is to be sent to it.
pub(crate) async fn delete_endpoint(tx: &mut Tx, id: WebhookEndpointId) -> Result<(), StoreError> {
    sql("DELETE FROM webhook_endpoints WHERE endpoint_id = $1")
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}
