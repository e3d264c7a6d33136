//! Orders and their items.

use kit_db::{Row, Session, StoreError, TableRow as _, Tx, select, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Currency, Money, Sku};
use orders_api::{OrderId, OrderStatus, PaymentId, Tracking};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Order, OrderLine};

/// An order without its items, as its columns are.
pub(super) struct OrderRow {
    id: OrderId,
    number: Option<i64>,
    user_id: Option<UserId>,
    email: Option<String>,
    status: OrderStatus,
    version: i64,
    revision: i64,
    currency: Currency,
    total_minor: i64,
    refunded_minor: i64,
    payment_id: Option<PaymentId>,
    shipping_address: Option<String>,
    note: Option<String>,
    reason: Option<String>,
    shortages: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

kit_db::table_row! {
    OrderRow in "orders" {
        id: text,
        number: value,
        user_id: optional_text,
        email: value,
        status: text,
        version: value,
        revision: value,
        currency: text,
        total_minor: value,
        refunded_minor: value,
        payment_id: optional_text,
        shipping_address: value,
        note: value,
        reason: value,
        shortages: value,
        carrier: value,
        tracking_number: value,
        created_at: value,
        updated_at: value,
    }
}

impl OrderRow {
    fn of(order: &Order) -> Result<Self, StoreError> {
        let tracking = order.tracking.as_ref();
        Ok(Self {
            id: order.id,
            number: (order.number > 0).then_some(order.number),
            user_id: order.user_id,
            email: order.email.clone(),
            status: order.status,
            version: order.version,
            revision: order.revision,
            currency: order.total.currency,
            total_minor: order.total.amount_minor,
            refunded_minor: order.refunded.amount_minor,
            payment_id: order.payment_id,
            shipping_address: order.shipping_address.as_ref().map(to_json).transpose()?,
            note: order.note.clone(),
            reason: order.reason.clone(),
            shortages: to_json(&order.shortages)?,
            carrier: tracking.map(|tracking| tracking.carrier.to_string()),
            tracking_number: tracking.map(|tracking| tracking.tracking_number.to_string()),
            created_at: order.created_at,
            updated_at: order.updated_at,
        })
    }

    /// With its items.
    pub(super) fn into_order(self, lines: Vec<OrderLine>) -> Result<Order, StoreError> {
        let money = |amount_minor| Money {
            amount_minor,
            currency: self.currency,
        };
        Ok(Order {
            id: self.id,
            number: self.number.unwrap_or_default(),
            user_id: self.user_id,
            email: self.email,
            status: self.status,
            version: self.version,
            revision: self.revision,
            total: money(self.total_minor),
            refunded: money(self.refunded_minor),
            payment_id: self.payment_id,
            shipping_address: self.shipping_address.map(|text| of_json(&text)).transpose()?,
            note: self.note,
            reason: self.reason,
            shortages: of_json(&self.shortages)?,
            tracking: tracking(self.carrier.as_deref(), self.tracking_number.as_deref())?,
            lines,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    pub(super) fn id(&self) -> OrderId {
        self.id
    }
}

fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(error.into()))
}

fn of_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Database(error.into()))
}

/// By what an order is sent, as two columns say it.
pub(super) fn tracking(
    carrier: Option<&str>,
    tracking_number: Option<&str>,
) -> Result<Option<Tracking>, StoreError> {
    let (Some(carrier), Some(number)) = (carrier, tracking_number) else {
        return Ok(None);
    };
    let carrier = carrier
        .parse()
        .map_err(|error: kit_values::TextError| StoreError::Database(error.into()))?;
    let tracking_number = number
        .parse()
        .map_err(|error: kit_values::TextError| StoreError::Database(error.into()))?;
    Ok(Some(Tracking {
        carrier,
        tracking_number,
    }))
}

/// Inserts an order with its items, still without its number.
pub(crate) async fn insert_order(tx: &mut Tx, order: &Order) -> Result<(), StoreError> {
    kit_db::insert(&OrderRow::of(order)?).execute(tx).await?;
    let items =
        sql("INSERT INTO order_items (order_id, sku_key, sku, name, quantity, unit_price_minor) VALUES ")
            .push_rows(&order.lines, |row, line| {
                row.bind(order.id.to_string())
                    .bind(line.sku.key())
                    .bind(line.sku.as_str())
                    .bind(&line.name)
                    .bind(line.quantity.get())
                    .bind(line.unit_price.amount_minor)
            });
    items.execute(tx).await?;
    Ok(())
}

/// Gives an order the next number: the last statements of the transaction, since nobody else gets one until that ends.
pub(crate) async fn number_order(tx: &mut Tx, order: &mut Order) -> Result<(), StoreError> {
    let number = sql("UPDATE order_numbers SET last = last + 1 WHERE id = 1 RETURNING last");
    order.number = number.one(tx).await?.get("last")?;
    sql("UPDATE orders SET number = $2 WHERE id = $1")
        .bind(order.id.to_string())
        .bind(order.number)
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes what may change of an order, if it still is as it was: `before` is its status and revision then.
pub(crate) async fn update_order(
    tx: &mut Tx,
    order: &Order,
    before: (OrderStatus, i64),
) -> Result<bool, StoreError> {
    let row = OrderRow::of(order)?;
    let changed = sql(
        "UPDATE orders SET status = $2, version = $3, revision = $4, refunded_minor = $5, payment_id = $6, \
         shipping_address = $7, reason = $8, shortages = $9, carrier = $10, tracking_number = $11, updated_at = $12, \
         email = $13, note = $14, user_id = $15 WHERE id = $1 AND status = $16 AND revision = $17",
    )
    .bind(row.id.to_string())
    .bind(row.status.as_str())
    .bind(row.version)
    .bind(row.revision)
    .bind(row.refunded_minor)
    .bind(row.payment_id.map(|id| id.to_string()))
    .bind(row.shipping_address)
    .bind(row.reason)
    .bind(row.shortages)
    .bind(row.carrier)
    .bind(row.tracking_number)
    .bind(row.updated_at)
    .bind(row.email)
    .bind(row.note)
    .bind(row.user_id.map(|id| id.to_string()))
    .bind(before.0.as_str())
    .bind(before.1)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// An order with its items.
pub(crate) async fn find_order(on: &mut impl Session, id: OrderId) -> Result<Option<Order>, StoreError> {
    let found = select::<OrderRow>("WHERE id = $1")
        .bind(id.to_string())
        .row(on)
        .await?;
    with_lines(on, found).await
}

/// An order with its items, held until the transaction ends.
pub(crate) async fn hold_order(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, StoreError> {
    let held = select::<OrderRow>("WHERE id = $1")
        .bind(id.to_string())
        .for_update()
        .row(tx)
        .await?;
    with_lines(tx, held).await
}

async fn with_lines(on: &mut impl Session, found: Option<OrderRow>) -> Result<Option<Order>, StoreError> {
    let Some(row) = found else { return Ok(None) };
    let rows = sql(
        "SELECT sku, name, quantity, unit_price_minor FROM order_items WHERE order_id = $1 ORDER BY sku_key",
    )
    .bind(row.id.to_string())
    .all(on)
    .await?;
    let lines: Result<_, _> = rows.iter().map(|line_row| line(line_row, row.currency)).collect();
    row.into_order(lines?).map(Some)
}

/// A row of an order's items.
pub(super) fn line(row: &Row, currency: Currency) -> Result<OrderLine, StoreError> {
    Ok(OrderLine {
        sku: row.parse::<Sku>("sku")?,
        name: row.get("name")?,
        quantity: row.convert("quantity")?,
        unit_price: Money {
            amount_minor: row.get("unit_price_minor")?,
            currency,
        },
    })
}

/// Orders of some identifiers, without their items, the newest first.
pub(super) async fn list_rows(on: &mut impl Session, ids: &[OrderId]) -> Result<Vec<OrderRow>, StoreError> {
    let rows = sql(OrderRow::SELECT)
        .push("WHERE id IN ")
        .push_list(ids.iter().map(OrderId::to_string))
        .push(" ORDER BY number DESC")
        .rows(on);
    rows.await
}

impl OrderRow {
    pub(super) fn currency(&self) -> Currency {
        self.currency
    }
}
