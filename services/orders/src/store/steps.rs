//! What is to be done for orders.

use kit_db::{Row, Session, StepKey, StepTable, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use orders_api::{OrderId, RefundId};

use crate::domain::{DueStep, SagaStep};

const STEPS: StepTable = StepTable {
    name: "order_steps",
    owner: "order_id",
};

fn key((order_id, step): (OrderId, SagaStep), refund_id: Option<RefundId>) -> StepKey {
    StepKey {
        owner: order_id.to_string(),
        step: step.as_str(),
        subject: refund_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// Says that a step is to be done, and from when on.
pub(crate) async fn set_step(
    tx: &mut Tx,
    step: (OrderId, SagaStep),
    refund_id: Option<RefundId>,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    STEPS.set(tx, key(step, refund_id), due_at).await
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
    STEPS
        .delete(tx, key((done.order_id, done.step), done.refund_id))
        .await
}

/// A step is to be tried again, unless somebody else has taken it, or it is over.
pub(crate) async fn postpone_step(tx: &mut Tx, tried: &DueStep, due_at: Timestamp) -> Result<(), StoreError> {
    let key = key((tried.order_id, tried.step), tried.refund_id);
    STEPS.postpone(tx, key, (tried.tries, due_at)).await
}

/// Takes at most `limit` steps that are due, and puts each off to `until`.
pub(crate) async fn claim_due(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<DueStep>, StoreError> {
    let rows = STEPS.claim_due(tx, (now, until), limit).await?;
    rows.iter().map(due_step).collect()
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
