//! Subscriptions.

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Currency, Money, Sku, Text};
use subscriptions_api::{
    AdapterName, EndReason, InvoiceId, SubscribedPlan, SubscriptionId, SubscriptionStatus,
};

use crate::domain::{Billing, OpenInvoice, ResourceState, Subscription, Wanted};

/// A subscription, as its columns are.
pub(super) struct SubscriptionRow {
    id: SubscriptionId,
    user_id: UserId,
    username: String,
    adapter: AdapterName,
    sku: Sku,
    plan_name: Text<100, 1>,
    price_minor: i64,
    currency: Currency,
    duration_days: u32,
    status: SubscriptionStatus,
    anchor: Option<Timestamp>,
    paid_periods: u32,
    current_index: u32,
    cancel_at_period_end: bool,
    open_invoice_id: Option<InvoiceId>,
    open_invoice_due_at: Option<Timestamp>,
    past_due_at: Option<Timestamp>,
    reminders: u32,
    reminded_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    end_reason: Option<EndReason>,
    wanted: Wanted,
    resource: ResourceState,
    operation: Option<String>,
    failure: Option<String>,
    latest_invoice_id: InvoiceId,
    version: i64,
    revision: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

kit_db::table_row! {
    SubscriptionRow in "subscriptions" {
        id: text,
        user_id: text,
        username: value,
        adapter: text,
        sku: text,
        plan_name: text,
        price_minor: value,
        currency: text,
        duration_days: value,
        status: text,
        anchor: value,
        paid_periods: value,
        current_index: value,
        cancel_at_period_end: value,
        open_invoice_id: optional_text,
        open_invoice_due_at: value,
        past_due_at: value,
        reminders: value,
        reminded_at: value,
        ended_at: value,
        end_reason: optional_text,
        wanted: text,
        resource: text,
        operation: value,
        failure: value,
        latest_invoice_id: text,
        version: value,
        revision: value,
        created_at: value,
        updated_at: value,
    }
}

impl From<Subscription> for SubscriptionRow {
    fn from(subscription: Subscription) -> Self {
        let Subscription { billing, plan, .. } = subscription;
        Self {
            id: subscription.id,
            user_id: subscription.user_id,
            username: subscription.username,
            adapter: subscription.adapter,
            sku: plan.sku,
            plan_name: plan.name,
            price_minor: plan.price.amount_minor,
            currency: plan.price.currency,
            duration_days: plan.duration_days,
            status: billing.status,
            anchor: billing.anchor,
            paid_periods: billing.paid_periods,
            current_index: billing.current,
            cancel_at_period_end: billing.cancel_at_period_end,
            open_invoice_id: billing.open_invoice.map(|invoice| invoice.id),
            open_invoice_due_at: billing.open_invoice.map(|invoice| invoice.due_at),
            past_due_at: billing.past_due_at,
            reminders: billing.reminders,
            reminded_at: billing.reminded_at,
            ended_at: billing.ended_at,
            end_reason: billing.end_reason,
            wanted: billing.wanted,
            resource: subscription.resource,
            operation: subscription.operation,
            failure: subscription.failure,
            latest_invoice_id: subscription.latest_invoice_id,
            version: subscription.version,
            revision: subscription.revision,
            created_at: subscription.created_at,
            updated_at: subscription.updated_at,
        }
    }
}

impl From<SubscriptionRow> for Subscription {
    fn from(row: SubscriptionRow) -> Self {
        let open = row.open_invoice_id.zip(row.open_invoice_due_at);
        Self {
            id: row.id,
            user_id: row.user_id,
            username: row.username,
            adapter: row.adapter,
            plan: SubscribedPlan {
                sku: row.sku,
                name: row.plan_name,
                price: Money {
                    amount_minor: row.price_minor,
                    currency: row.currency,
                },
                duration_days: row.duration_days,
            },
            billing: Billing {
                status: row.status,
                duration_days: row.duration_days,
                anchor: row.anchor,
                paid_periods: row.paid_periods,
                current: row.current_index,
                cancel_at_period_end: row.cancel_at_period_end,
                open_invoice: open.map(|(id, due_at)| OpenInvoice { id, due_at }),
                past_due_at: row.past_due_at,
                reminders: row.reminders,
                reminded_at: row.reminded_at,
                ended_at: row.ended_at,
                end_reason: row.end_reason,
                wanted: row.wanted,
            },
            resource: row.resource,
            operation: row.operation,
            failure: row.failure,
            latest_invoice_id: row.latest_invoice_id,
            version: row.version,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(crate) async fn insert_subscription(tx: &mut Tx, subscription: &Subscription) -> Result<(), StoreError> {
    let row = SubscriptionRow::from(subscription.clone());
    kit_db::insert(&row).execute(tx).await?;
    Ok(())
}

/// Whether a row was refused because its user has one that lives, or it is there already.
pub(crate) fn is_living_conflict(error: &StoreError) -> bool {
    error.violates(
        "subscriptions_living",
        "subscriptions.user_id, subscriptions.adapter",
    ) || error.violates("subscriptions_pkey", "subscriptions.id")
}

/// Writes what may change of a subscription, if it still is as it was at `before`, its revision then.
pub(crate) async fn update_subscription(
    tx: &mut Tx,
    subscription: &Subscription,
    before: i64,
) -> Result<bool, StoreError> {
    let row = SubscriptionRow::from(subscription.clone());
    let changed = sql(
        "UPDATE subscriptions SET status = $3, anchor = $4, paid_periods = $5, current_index = $6, \
         cancel_at_period_end = $7, open_invoice_id = $8, open_invoice_due_at = $9, past_due_at = $10, \
         reminders = $11, reminded_at = $12, ended_at = $13, end_reason = $14, wanted = $15, resource = $16, \
         operation = $17, failure = $18, latest_invoice_id = $19, version = $20, revision = $21, updated_at = $22 \
         WHERE id = $1 AND revision = $2",
    )
    .bind(row.id.to_string())
    .bind(before)
    .bind(row.status.as_str())
    .bind(row.anchor)
    .bind(row.paid_periods)
    .bind(row.current_index)
    .bind(row.cancel_at_period_end)
    .bind(row.open_invoice_id.map(|id| id.to_string()))
    .bind(row.open_invoice_due_at)
    .bind(row.past_due_at)
    .bind(row.reminders)
    .bind(row.reminded_at)
    .bind(row.ended_at)
    .bind(row.end_reason.map(EndReason::as_str))
    .bind(row.wanted.as_str())
    .bind(row.resource.as_str())
    .bind(row.operation)
    .bind(row.failure)
    .bind(row.latest_invoice_id.to_string())
    .bind(row.version)
    .bind(row.revision)
    .bind(row.updated_at)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

pub(crate) async fn find_subscription(
    on: &mut impl Session,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let row = select::<SubscriptionRow>("WHERE id = $1")
        .bind(id.to_string())
        .row::<SubscriptionRow>(on)
        .await?;
    Ok(row.map(Subscription::from))
}

/// A subscription, held until the transaction ends.
pub(crate) async fn hold_subscription(
    tx: &mut Tx,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let row = select::<SubscriptionRow>("WHERE id = $1")
        .bind(id.to_string())
        .for_update()
        .row::<SubscriptionRow>(tx)
        .await?;
    Ok(row.map(Subscription::from))
}
