//! Every statement of a host.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;

use super::state::{InstanceState, StoredInstance};
use crate::Instance;

const COLUMNS: &str = "id, plan_id, context, parameters, state, operation, reason, tries, busy_until";

pub(super) async fn find_instance(
    on: &mut impl Session,
    id: &str,
) -> Result<Option<StoredInstance>, StoreError> {
    let statement = sql("SELECT ")
        .push(COLUMNS)
        .push(" FROM adapter_instances WHERE id = ");
    let row = statement.push_bind(id).optional(on).await?;
    row.as_ref().map(stored).transpose()
}

/// The instance, held until the transaction ends.
pub(super) async fn find_instance_for_update(
    tx: &mut Tx,
    id: &str,
) -> Result<Option<StoredInstance>, StoreError> {
    let statement = sql("SELECT ")
        .push(COLUMNS)
        .push(" FROM adapter_instances WHERE id = ");
    let row = statement.push_bind(id).for_update().optional(tx).await?;
    row.as_ref().map(stored).transpose()
}

/// Writes that an operation begins, of an instance that may be new; false where somebody else has made it meanwhile.
pub(super) async fn begin(
    tx: &mut Tx,
    instance: &Instance,
    (state, operation): (InstanceState, &str),
    (is_known, now): (bool, Timestamp),
) -> Result<bool, StoreError> {
    let statement = if is_known {
        "UPDATE adapter_instances SET plan_id = $2, context = $3, parameters = $4, state = $5, operation = $6, \
         reason = NULL, due_at = $7, tries = 0 WHERE id = $1"
    } else {
        "INSERT INTO adapter_instances \
           (id, plan_id, context, parameters, state, operation, due_at, tries, busy_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0) ON CONFLICT (id) DO NOTHING"
    };
    let changed = sql(statement)
        .bind(&instance.id)
        .bind(&instance.plan_id)
        .bind(json(&instance.context)?)
        .bind(json(&instance.parameters)?)
        .bind(state.as_str())
        .bind(operation)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Takes at most `limit` operations that are due, the most overdue first, and puts each off to `until`.
pub(super) async fn claim_due(
    tx: &mut Tx,
    (now, until): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<StoredInstance>, StoreError> {
    let rows = sql("SELECT ")
        .push(COLUMNS)
        .push(" FROM adapter_instances WHERE due_at <= ")
        .push_bind(now)
        .push(" ORDER BY due_at LIMIT ")
        .push_bind(limit)
        .for_update_skip_locked()
        .all(tx)
        .await?;
    let mut due: Vec<StoredInstance> = rows.iter().map(stored).collect::<Result<_, _>>()?;
    for instance in &mut due {
        instance.tries = instance.tries.saturating_add(1);
        sql("UPDATE adapter_instances SET due_at = $2, tries = $3 WHERE id = $1")
            .bind(&instance.instance.id)
            .bind(until)
            .bind(instance.tries)
            .execute(tx)
            .await?;
    }
    Ok(due)
}

/// Writes how an operation ended, unless somebody else has taken it since.
pub(super) async fn end(
    tx: &mut Tx,
    claimed: &StoredInstance,
    (state, reason): (InstanceState, Option<&str>),
) -> Result<(), StoreError> {
    let changed = sql(
        "UPDATE adapter_instances SET state = $4, reason = $5, due_at = NULL \
         WHERE id = $1 AND operation = $2 AND tries = $3 AND due_at IS NOT NULL",
    )
    .bind(&claimed.instance.id)
    .bind(&claimed.operation)
    .bind(claimed.tries)
    .bind(state.as_str())
    .bind(reason)
    .execute(tx)
    .await?;
    if changed == 1 && state == InstanceState::Deprovisioned {
        sql("DELETE FROM adapter_bindings WHERE instance_id = $1")
            .bind(&claimed.instance.id)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// An operation is tried again, unless somebody else has taken it since.
pub(super) async fn postpone(
    tx: &mut Tx,
    claimed: &StoredInstance,
    reason: &str,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE adapter_instances SET reason = $4, due_at = $5 \
         WHERE id = $1 AND operation = $2 AND tries = $3 AND due_at IS NOT NULL")
    .bind(&claimed.instance.id)
    .bind(&claimed.operation)
    .bind(claimed.tries)
    .bind(reason)
    .bind(due_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes an instance for something that is done at once; the caller holds its row.
pub(super) async fn take(tx: &mut Tx, id: &str, (with, until): (&str, Timestamp)) -> Result<(), StoreError> {
    sql("UPDATE adapter_instances SET busy_with = $2, busy_until = $3 WHERE id = $1")
        .bind(id)
        .bind(with)
        .bind(until)
        .execute(tx)
        .await?;
    Ok(())
}

/// It is done; false where it took so long that somebody else has taken the instance.
pub(super) async fn release(tx: &mut Tx, id: &str, with: &str) -> Result<bool, StoreError> {
    let changed =
        sql("UPDATE adapter_instances SET busy_with = NULL, busy_until = 0 WHERE id = $1 AND busy_with = $2")
            .bind(id)
            .bind(with)
            .execute(tx)
            .await?;
    Ok(changed == 1)
}

/// Whether a binding is made; none where nobody has asked for it.
pub(super) async fn find_binding(
    on: &mut impl Session,
    (instance_id, id): (&str, &str),
) -> Result<Option<bool>, StoreError> {
    let row = sql("SELECT is_made FROM adapter_bindings WHERE instance_id = $1 AND id = $2")
        .bind(instance_id)
        .bind(id)
        .optional(on)
        .await?;
    row.map(|row| row.get("is_made")).transpose()
}

/// Writes that a binding is about to be made, or is.
pub(super) async fn save_binding(
    tx: &mut Tx,
    (instance_id, id): (&str, &str),
    is_made: bool,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO adapter_bindings (instance_id, id, is_made) VALUES ($1, $2, $3) \
         ON CONFLICT (instance_id, id) DO UPDATE SET is_made = excluded.is_made",
    )
    .bind(instance_id)
    .bind(id)
    .bind(is_made)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn delete_binding(tx: &mut Tx, (instance_id, id): (&str, &str)) -> Result<(), StoreError> {
    sql("DELETE FROM adapter_bindings WHERE instance_id = $1 AND id = $2")
        .bind(instance_id)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

fn stored(row: &Row) -> Result<StoredInstance, StoreError> {
    Ok(StoredInstance {
        instance: Instance {
            id: row.get("id")?,
            plan_id: row.get("plan_id")?,
            context: row.json("context")?,
            parameters: row.json("parameters")?,
        },
        state: row.parse("state")?,
        operation: row.get("operation")?,
        reason: row.get("reason")?,
        tries: row.get("tries")?,
        busy_until: row.get("busy_until")?,
    })
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(error.into()))
}
