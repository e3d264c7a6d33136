//! Payments. Rows are held in one order: that of what is paid, then the payment's; those of its attempts and refunds
//! belong to the payment, and are changed by whoever holds that.

use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;
use kit_token::{GuestTokenHash, UserId};
use orders_api::{OrderId, PaymentId};
use payments_api::{Payable, PaymentFilter, PaymentFlag};

use crate::domain::{GivenUp, Payment};

kit_db::table_row! {
    Payment in "payments" {
        id: text,
        payable: text,
        user_id: optional_text,
        guest_token: optional_text,
        amount_minor: value,
        currency: text,
        description: value,
        status: text,
        given_up: optional_text,
        flag: optional_text,
        captured_minor: value,
        refunding_minor: value,
        refunded_minor: value,
        attempts: value,
        declines: value,
        version: value,
        expires_at: value,
        created_at: value,
    }
}

/// Holds the row of what is paid until the transaction ends; whether that was cancelled.
pub(crate) async fn hold_payable(tx: &mut Tx, payable: Payable) -> Result<bool, StoreError> {
    sql("INSERT INTO payables (id, cancelled) VALUES ($1, 0) ON CONFLICT (id) DO NOTHING")
        .bind(payable.to_string())
        .execute(tx)
        .await?;
    let row = sql("SELECT cancelled FROM payables WHERE id = $1")
        .bind(payable.to_string())
        .for_update()
        .one(tx)
        .await?;
    row.get("cancelled")
}

/// The caller holds the row.
pub(crate) async fn mark_cancelled(tx: &mut Tx, payable: Payable) -> Result<(), StoreError> {
    sql("UPDATE payables SET cancelled = 1 WHERE id = $1")
        .bind(payable.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn insert_payment(tx: &mut Tx, payment: &Payment) -> Result<(), StoreError> {
    kit_db::insert(payment).execute(tx).await?;
    Ok(())
}

/// Writes what changes of a payment. The caller holds the row.
pub(crate) async fn save_payment(tx: &mut Tx, payment: &Payment) -> Result<(), StoreError> {
    sql(
        "UPDATE payments SET status = $2, given_up = $3, flag = $4, captured_minor = $5, refunding_minor = $6, \
         refunded_minor = $7, attempts = $8, declines = $9, version = $10 WHERE id = $1",
    )
    .bind(payment.id.to_string())
    .bind(payment.status.as_str())
    .bind(payment.given_up.map(GivenUp::as_str))
    .bind(payment.flag.map(PaymentFlag::as_str))
    .bind(payment.captured_minor)
    .bind(payment.refunding_minor)
    .bind(payment.refunded_minor)
    .bind(payment.attempts)
    .bind(payment.declines)
    .bind(payment.version)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn find_payment(
    on: &mut impl Session,
    id: PaymentId,
) -> Result<Option<Payment>, StoreError> {
    select::<Payment>("WHERE id = $1")
        .bind(id.to_string())
        .row(on)
        .await
}

/// The payment, held until the transaction ends.
pub(crate) async fn find_payment_for_update(
    tx: &mut Tx,
    id: PaymentId,
) -> Result<Option<Payment>, StoreError> {
    let statement = select::<Payment>("WHERE id = $1").bind(id.to_string());
    statement.for_update().row(tx).await
}

pub(crate) async fn find_payment_of(
    on: &mut impl Session,
    payable: Payable,
) -> Result<Option<Payment>, StoreError> {
    let statement = select::<Payment>("WHERE payable = $1").bind(payable.to_string());
    statement.row(on).await
}

/// The payment that a guest's token opens.
pub(crate) async fn find_payment_of_guest(
    on: &mut impl Session,
    token: GuestTokenHash,
) -> Result<Option<Payment>, StoreError> {
    let statement = select::<Payment>("WHERE guest_token = $1").bind(token.to_string());
    statement.row(on).await
}

/// Says whose the payment of an order is, where it is nobody's.
pub(crate) async fn assign_payment(
    tx: &mut Tx,
    order_id: OrderId,
    user_id: UserId,
) -> Result<(), StoreError> {
    sql(
        "UPDATE payments SET user_id = $2 WHERE payable = $1 AND user_id IS NULL AND guest_token IS NOT NULL",
    )
    .bind(order_id.to_string())
    .bind(user_id.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// The payment of something, held until the transaction ends.
pub(crate) async fn find_payment_of_for_update(
    tx: &mut Tx,
    payable: Payable,
) -> Result<Option<Payment>, StoreError> {
    let statement = select::<Payment>("WHERE payable = $1").bind(payable.to_string());
    statement.for_update().row(tx).await
}

/// At most `limit` payments of a user, the newest first, from before the one given.
pub(crate) async fn list_payments(
    on: &mut impl Session,
    user_id: UserId,
    before: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    let mut statement = select::<Payment>("WHERE user_id = $1").bind(user_id.to_string());
    if let Some(before) = before {
        statement = statement.push(" AND id < ").push_bind(before.to_string());
    }
    let statement = statement.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    statement.rows(on).await
}

/// At most `limit` payments that a user owes at this time, the oldest first, those among them whose hosted page nobody has
/// decided on; and those that were tried by the request of a key. What a guest ordered with the user's address is paid by name only: it may have been somebody else.
pub(crate) async fn list_owed(
    on: &mut impl Session,
    user_id: UserId,
    (request_key, now): (Option<&str>, Timestamp),
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    select::<Payment>(
        "WHERE user_id = $1 AND guest_token IS NULL AND (status = 'open' AND expires_at > $2 OR id IN ( \
           SELECT payment_id FROM payment_attempts WHERE request_key = $3) \
         OR status = 'processing' AND given_up IS NULL AND expires_at > $2 AND EXISTS ( \
           SELECT 1 FROM payment_attempts WHERE payment_id = payments.id AND number = payments.attempts \
             AND is_hosted = 1 AND action_url IS NOT NULL)) ORDER BY id LIMIT $4",
    )
    .bind(user_id.to_string())
    .bind(now)
    .bind(request_key)
    .bind(limit)
    .rows(on)
    .await
}

/// At most `limit` payments whose time is over and that are not given up, the most overdue first.
pub(crate) async fn list_overdue(
    on: &mut impl Session,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<PaymentId>, StoreError> {
    let rows = sql(
        "SELECT id FROM payments WHERE status IN ('open', 'processing') AND given_up IS NULL AND expires_at <= $1 \
         ORDER BY expires_at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().map(|row| row.parse("id")).collect()
}

/// At most `limit` payments that a filter lets through, the newest first, from before the one given.
pub(crate) async fn list_all_payments(
    on: &mut impl Session,
    filter: &PaymentFilter,
    before: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    let mut statement = select::<Payment>("WHERE 1 = 1");
    if let Some(before) = before {
        statement = statement.push(" AND id < ").push_bind(before.to_string());
    }
    if let Some(status) = filter.status {
        statement = statement.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(user_id) = filter.user_id {
        statement = statement.push(" AND user_id = ").push_bind(user_id.to_string());
    }
    statement = match filter.flagged {
        Some(true) => statement.push(" AND flag IS NOT NULL"),
        Some(false) => statement.push(" AND flag IS NULL"),
        None => statement,
    };
    let statement = statement.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    statement.rows(on).await
}
