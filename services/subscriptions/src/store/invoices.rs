//! Invoices.

use kit_db::{Session, StoreError, TableRow as _, Tx, select, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Currency, Money};
use orders_api::PaymentId;
use subscriptions_api::{InvoiceId, InvoiceStatus, SubscriptionId};

use super::lines::{insert_line, list_lines};
use crate::domain::{Invoice, InvoiceDraft, InvoiceLine};

/// An invoice without its lines, as its columns are.
pub(super) struct InvoiceRow {
    id: InvoiceId,
    number: Option<i64>,
    subscription_id: SubscriptionId,
    user_id: UserId,
    status: InvoiceStatus,
    currency: Currency,
    total_minor: i64,
    issued_at: Timestamp,
    due_at: Timestamp,
    payable_until: Timestamp,
    paid_at: Option<Timestamp>,
    payment_id: Option<PaymentId>,
    is_given_back: bool,
    flag: Option<String>,
    revision: i64,
}

kit_db::table_row! {
    InvoiceRow in "invoices" {
        id: text,
        number: value,
        subscription_id: text,
        user_id: text,
        status: text,
        currency: text,
        total_minor: value,
        issued_at: value,
        due_at: value,
        payable_until: value,
        paid_at: value,
        payment_id: optional_text,
        is_given_back: value,
        flag: value,
        revision: value,
    }
}

impl InvoiceRow {
    fn of(draft: &InvoiceDraft) -> Self {
        Self {
            id: draft.id,
            number: None,
            subscription_id: draft.subscription_id,
            user_id: draft.user_id,
            status: InvoiceStatus::Draft,
            currency: draft.line.amount.currency,
            total_minor: draft.line.amount.amount_minor,
            issued_at: draft.issued_at,
            due_at: draft.due_at,
            payable_until: draft.payable_until,
            paid_at: None,
            payment_id: None,
            is_given_back: false,
            flag: None,
            revision: 1,
        }
    }

    fn into_invoice(self, lines: Vec<InvoiceLine>) -> Invoice {
        Invoice {
            id: self.id,
            number: self.number.unwrap_or_default(),
            subscription_id: self.subscription_id,
            user_id: self.user_id,
            status: self.status,
            lines,
            total: Money {
                amount_minor: self.total_minor,
                currency: self.currency,
            },
            issued_at: self.issued_at,
            due_at: self.due_at,
            payable_until: self.payable_until,
            paid_at: self.paid_at,
            payment_id: self.payment_id,
            is_given_back: self.is_given_back,
            flag: self.flag,
            revision: self.revision,
        }
    }
}

/// Inserts an invoice with its lines, without its number.
pub(crate) async fn insert_draft(tx: &mut Tx, draft: &InvoiceDraft) -> Result<(), StoreError> {
    kit_db::insert(&InvoiceRow::of(draft)).execute(tx).await?;
    insert_line(tx, draft.id, &draft.line).await
}

/// Gives an invoice the next number, with which it can be paid: the last statements of the transaction, since nobody else
/// gets one until that ends.
pub(crate) async fn finalise_invoice(tx: &mut Tx, id: InvoiceId) -> Result<i64, StoreError> {
    let number = sql("UPDATE invoice_numbers SET last = last + 1 WHERE id = 1 RETURNING last");
    let number: i64 = number.one(tx).await?.get("last")?;
    sql("UPDATE invoices SET number = $2, status = 'open' WHERE id = $1 AND status = 'draft'")
        .bind(id.to_string())
        .bind(number)
        .execute(tx)
        .await?;
    Ok(number)
}

pub(crate) async fn find_invoice(
    on: &mut impl Session,
    id: InvoiceId,
) -> Result<Option<Invoice>, StoreError> {
    let row = select::<InvoiceRow>("WHERE id = $1")
        .bind(id.to_string())
        .row::<InvoiceRow>(on)
        .await?;
    Ok(with_lines(on, row.into_iter().collect()).await?.pop())
}

/// An invoice, held until the transaction ends. Its subscription is held before.
pub(crate) async fn hold_invoice(tx: &mut Tx, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
    let row = select::<InvoiceRow>("WHERE id = $1")
        .bind(id.to_string())
        .for_update()
        .row::<InvoiceRow>(tx)
        .await?;
    Ok(with_lines(tx, row.into_iter().collect()).await?.pop())
}

pub(super) async fn with_lines(
    on: &mut impl Session,
    rows: Vec<InvoiceRow>,
) -> Result<Vec<Invoice>, StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| (row.id, row.currency)).collect();
    let mut lines = list_lines(on, &ids).await?;
    let invoice = |row: InvoiceRow| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        row.into_invoice(lines)
    };
    Ok(rows.into_iter().map(invoice).collect())
}

/// At most `limit` invoices of a user, the newest first, from before a number.
pub(super) async fn list_rows(
    on: &mut impl Session,
    user_id: UserId,
    (before, limit): (i64, i64),
) -> Result<Vec<InvoiceRow>, StoreError> {
    sql(InvoiceRow::SELECT)
        .push("WHERE user_id = ")
        .push_bind(user_id.to_string())
        .push(" AND number < ")
        .push_bind(before)
        .push(" ORDER BY number DESC LIMIT ")
        .push_bind(limit)
        .rows(on)
        .await
}

/// Writes down that an open invoice is paid; whether it was open.
pub(crate) async fn pay_invoice(
    tx: &mut Tx,
    id: InvoiceId,
    payment_id: Option<PaymentId>,
    paid_at: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE invoices SET status = 'paid', paid_at = $2, payment_id = $3, revision = revision + 1 \
         WHERE id = $1 AND status = 'open'",
    )
    .bind(id.to_string())
    .bind(paid_at)
    .bind(payment_id.map(|id| id.to_string()))
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Writes down that nothing is owed by an open invoice any more.
pub(crate) async fn void_invoice(tx: &mut Tx, id: InvoiceId) -> Result<bool, StoreError> {
    let changed =
        sql("UPDATE invoices SET status = 'void', revision = revision + 1 WHERE id = $1 AND status = 'open'")
            .bind(id.to_string())
            .execute(tx)
            .await?;
    Ok(changed == 1)
}

/// Writes down what somebody has to look at.
pub(crate) async fn flag_invoice(tx: &mut Tx, id: InvoiceId, flag: &str) -> Result<(), StoreError> {
    sql("UPDATE invoices SET flag = $2, revision = revision + 1 WHERE id = $1")
        .bind(id.to_string())
        .bind(flag)
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes down that everything is given back that was paid for a subscription; by which invoices.
pub(crate) async fn give_back_invoices(
    tx: &mut Tx,
    subscription_id: SubscriptionId,
) -> Result<Vec<InvoiceId>, StoreError> {
    let rows = sql("UPDATE invoices SET is_given_back = 1, revision = revision + 1 \
         WHERE subscription_id = $1 AND status = 'paid' AND is_given_back = 0 RETURNING id")
    .bind(subscription_id.to_string())
    .all(tx)
    .await?;
    rows.iter().map(|row| row.parse("id")).collect()
}
