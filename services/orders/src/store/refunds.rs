//! Refunds of orders. Whoever adds or changes one holds its order's row.

use std::collections::HashMap;

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_values::{Currency, Money};
use orders_api::{OrderId, OrderRefundStatus, RefundId, RefundedItem};

use crate::domain::{Order, Refund};

pub(crate) async fn insert_refund(tx: &mut Tx, refund: &Refund) -> Result<(), StoreError> {
    sql(
        "INSERT INTO refunds (id, order_id, amount_minor, status, actor, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(refund.id.to_string())
    .bind(refund.order_id.to_string())
    .bind(refund.amount.amount_minor)
    .bind(refund.status.as_str())
    .bind(&refund.actor)
    .bind(refund.created_at)
    .execute(tx)
    .await?;
    if refund.items.is_empty() {
        return Ok(());
    }
    let items = sql("INSERT INTO refund_items (refund_id, sku_key, sku, quantity) VALUES ").push_rows(
        &refund.items,
        |row, item| {
            row.bind(refund.id.to_string())
                .bind(item.sku.key())
                .bind(item.sku.as_str())
                .bind(item.quantity.get())
        },
    );
    items.execute(tx).await?;
    Ok(())
}

/// Says how a refund ended.
pub(crate) async fn set_refund_status(
    tx: &mut Tx,
    id: RefundId,
    status: OrderRefundStatus,
) -> Result<(), StoreError> {
    sql("UPDATE refunds SET status = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(status.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// The refunds of an order, the first one first.
pub(crate) async fn list_refunds(on: &mut impl Session, order: &Order) -> Result<Vec<Refund>, StoreError> {
    let currencies = HashMap::from([(order.id, order.total.currency)]);
    let mut found = by_order(on, &currencies).await?;
    Ok(found.remove(&order.id).unwrap_or_default())
}

/// Whether something is being paid back: a refund is under way, or an order that was paid is cancelled and payments have
/// not paid all of it back yet.
pub(crate) async fn awaits_refund(on: &mut impl Session, order_id: OrderId) -> Result<bool, StoreError> {
    let row = sql(
        "SELECT id FROM orders WHERE id = $1 AND (EXISTS \
           (SELECT 1 FROM refunds WHERE refunds.order_id = orders.id AND refunds.status = 'pending') \
         OR status = 'cancelled' AND refunded_minor < total_minor AND EXISTS \
           (SELECT 1 FROM order_history WHERE order_history.order_id = orders.id AND order_history.status = 'paid'))",
    )
    .bind(order_id.to_string())
    .optional(on)
    .await?;
    Ok(row.is_some())
}

/// One refund of an order.
pub(crate) async fn find_refund(
    on: &mut impl Session,
    order: &Order,
    id: RefundId,
) -> Result<Option<Refund>, StoreError> {
    let all = list_refunds(on, order).await?;
    Ok(all.into_iter().find(|refund| refund.id == id))
}

/// The refunds of orders, whose currencies are these.
pub(super) async fn by_order(
    on: &mut impl Session,
    currencies: &HashMap<OrderId, Currency>,
) -> Result<HashMap<OrderId, Vec<Refund>>, StoreError> {
    let rows =
        sql("SELECT id, order_id, amount_minor, status, actor, created_at FROM refunds WHERE order_id IN ")
            .push_list(currencies.keys().map(OrderId::to_string))
            .push(" ORDER BY order_id, created_at, id")
            .all(on)
            .await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let mut items = items_of(on, &rows).await?;
    let mut refunds: HashMap<OrderId, Vec<Refund>> = HashMap::new();
    for row in &rows {
        let (id, order_id) = (row.parse("id")?, row.parse("order_id")?);
        let Some(currency) = currencies.get(&order_id) else {
            continue;
        };
        refunds.entry(order_id).or_default().push(Refund {
            id,
            order_id,
            amount: Money {
                amount_minor: row.get("amount_minor")?,
                currency: *currency,
            },
            status: row.parse("status")?,
            items: items.remove(&id).unwrap_or_default(),
            actor: row.get("actor")?,
            created_at: row.get("created_at")?,
        });
    }
    Ok(refunds)
}

async fn items_of(
    on: &mut impl Session,
    refunds: &[Row],
) -> Result<HashMap<RefundId, Vec<RefundedItem>>, StoreError> {
    let ids: Result<Vec<String>, _> = refunds.iter().map(|row| row.get("id")).collect();
    let rows = sql("SELECT refund_id, sku, quantity FROM refund_items WHERE refund_id IN ")
        .push_list(ids?)
        .push(" ORDER BY refund_id, sku_key")
        .all(on)
        .await?;
    let mut items: HashMap<RefundId, Vec<RefundedItem>> = HashMap::new();
    for row in &rows {
        let (sku, quantity) = (row.parse("sku")?, row.convert("quantity")?);
        items
            .entry(row.parse("refund_id")?)
            .or_default()
            .push(RefundedItem { sku, quantity });
    }
    Ok(items)
}
