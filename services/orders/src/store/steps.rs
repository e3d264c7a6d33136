//! What is to be done for orders.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use orders_api::{OrderId, RefundId};

use crate::domain::{DueStep, SagaStep};

/// The refund that a step is about, as its column says it.
fn subject(refund_id: Option<RefundId>) -> String {
    refund_id.map(|id| id.to_string()).unwrap_or_default()
}

/// Says that a step is to be done, and from when on.
pub(crate) async fn set_step(
    tx: &mut Tx,
    (order_id, step): (OrderId, SagaStep),
    refund_id: Option<RefundId>,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO order_steps (order_id, step, subject, due_at, tries) VALUES ($1, $2, $3, $4, 0) \
         ON CONFLICT (order_id, step, subject) DO UPDATE SET due_at = excluded.due_at, tries = 0",
    )
    .bind(order_id.to_string())
    .bind(step.as_str())
    .bind(subject(refund_id))
    .bind(due_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes away what was to be done because of an order's status.
pub(crate) async fn delete_timers(tx: &mut Tx, order_id: OrderId) -> Result<(), StoreError> {
    sql("DELETE FROM order_steps WHERE order_id = $1 AND step IN ")
        .bind(order_id.to_string())
        .push_list(SagaStep::OF_STATUS.map(SagaStep::as_str))
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether a step is to be done.
pub(crate) async fn has_step(
    on: &mut impl Session,
    order_id: OrderId,
    step: SagaStep,
) -> Result<bool, StoreError> {
    let row = sql("SELECT tries FROM order_steps WHERE order_id = $1 AND step = $2 AND subject = ''")
        .bind(order_id.to_string())
        .bind(step.as_str())
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// A step is done.
pub(crate) async fn delete_step(tx: &mut Tx, done: &DueStep) -> Result<(), StoreError> {
    sql("DELETE FROM order_steps WHERE order_id = $1 AND step = $2 AND subject = $3")
        .bind(done.order_id.to_string())
        .bind(done.step.as_str())
        .bind(subject(done.refund_id))
        .execute(tx)
        .await?;
    Ok(())
}

/// A step is to be tried again, unless somebody else has taken it, or it is over.
pub(crate) async fn postpone_step(tx: &mut Tx, tried: &DueStep, due_at: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE order_steps SET due_at = $4 WHERE order_id = $1 AND step = $2 AND subject = $3 AND tries = $5")
        .bind(tried.order_id.to_string())
        .bind(tried.step.as_str())
        .bind(subject(tried.refund_id))
        .bind(due_at)
        .bind(tried.tries)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes at most `limit` steps that are due, the oldest first, and puts each off to `until`, so that nobody else takes it
/// before then.
pub(crate) async fn claim_due(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<DueStep>, StoreError> {
    let rows = sql(
        "SELECT order_id, step, subject, tries FROM order_steps WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .for_update_skip_locked()
    .all(tx)
    .await?;
    let due: Vec<DueStep> = rows.iter().map(due_step).collect::<Result<_, _>>()?;
    for step in &due {
        sql("UPDATE order_steps SET due_at = $4, tries = $5 WHERE order_id = $1 AND step = $2 AND subject = $3")
            .bind(step.order_id.to_string())
            .bind(step.step.as_str())
            .bind(subject(step.refund_id))
            .bind(until)
            .bind(step.tries)
            .execute(tx)
            .await?;
    }
    Ok(due)
}

fn due_step(row: &Row) -> Result<DueStep, StoreError> {
    let (subject, tries): (String, u32) = (row.get("subject")?, row.get("tries")?);
    Ok(DueStep {
        order_id: row.parse("order_id")?,
        step: row.parse("step")?,
        refund_id: if subject.is_empty() {
            None
        } else {
            Some(row.parse("subject")?)
        },
        tries: tries.saturating_add(1),
    })
}
