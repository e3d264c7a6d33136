//! What is to be done for subscriptions.

use kit_db::{Row, StepKey, StepTable, StoreError, Tx};
use kit_runtime::Timestamp;
use subscriptions_api::{InvoiceId, SubscriptionId};

use crate::domain::{DueStep, Step};

const STEPS: StepTable = StepTable {
    name: "subscription_steps",
    owner: "subscription_id",
};

fn key((subscription_id, step): (SubscriptionId, Step), invoice_id: Option<InvoiceId>) -> StepKey {
    StepKey {
        owner: subscription_id.to_string(),
        step: step.as_str(),
        subject: invoice_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// Says that a step is to be done, and from when on.
pub(crate) async fn set_step(
    tx: &mut Tx,
    step: (SubscriptionId, Step),
    invoice_id: Option<InvoiceId>,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    STEPS.set(tx, key(step, invoice_id), due_at).await
}

/// Says that a step is to be done, unless it is said already: then whoever may be at it is not disturbed.
pub(crate) async fn ensure_step(
    tx: &mut Tx,
    step: (SubscriptionId, Step),
    due_at: Timestamp,
) -> Result<(), StoreError> {
    STEPS.ensure(tx, key(step, None), due_at).await
}

/// Says when something happens by itself next, if anything does.
pub(crate) async fn set_timer(
    tx: &mut Tx,
    subscription_id: SubscriptionId,
    due_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let timer = (subscription_id, Step::Timer);
    match due_at {
        Some(due_at) => set_step(tx, timer, None, due_at).await,
        None => delete_step(tx, timer, None).await,
    }
}

/// A step is done.
pub(crate) async fn delete_step(
    tx: &mut Tx,
    step: (SubscriptionId, Step),
    invoice_id: Option<InvoiceId>,
) -> Result<(), StoreError> {
    STEPS.delete(tx, key(step, invoice_id)).await
}

/// A step is to be tried again, unless somebody else has taken it, or it is over.
pub(crate) async fn postpone_step(tx: &mut Tx, tried: &DueStep, due_at: Timestamp) -> Result<(), StoreError> {
    let key = key((tried.subscription_id, tried.step), tried.invoice_id);
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
        subscription_id: row.parse("subscription_id")?,
        step: row.parse("step")?,
        invoice_id: if subject.is_empty() {
            None
        } else {
            Some(row.parse("subject")?)
        },
        tries: tries.saturating_add(1),
    })
}
