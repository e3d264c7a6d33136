//! Orders with everything that is shown of them.

use std::collections::HashMap;

use kit_db::{Session, StoreError, sql};
use orders_api::OrderId;

use super::orders::{line, list_rows};
use super::refunds;
use crate::domain::OrderDetails;

/// Orders of some identifiers with items and refunds, the newest first; four statements, however many they are.
pub(crate) async fn list_details(
    on: &mut impl Session,
    ids: &[OrderId],
) -> Result<Vec<OrderDetails>, StoreError> {
    let rows = list_rows(on, ids).await?;
    let item_rows =
        sql("SELECT order_id, sku, name, quantity, unit_price_minor FROM order_items WHERE order_id IN ")
            .push_list(ids.iter().map(OrderId::to_string))
            .push(" ORDER BY order_id, sku_key")
            .all(on)
            .await?;
    let currencies: HashMap<OrderId, _> = rows.iter().map(|row| (row.id(), row.currency())).collect();
    let mut lines: HashMap<OrderId, Vec<_>> = HashMap::new();
    for row in &item_rows {
        let order_id = row.parse("order_id")?;
        if let Some(currency) = currencies.get(&order_id) {
            lines.entry(order_id).or_default().push(line(row, *currency)?);
        }
    }
    let mut refunds = refunds::by_order(on, &currencies).await?;
    let details = rows.into_iter().map(|row| {
        let id = row.id();
        Ok(OrderDetails {
            order: row.into_order(lines.remove(&id).unwrap_or_default())?,
            refunds: refunds.remove(&id).unwrap_or_default(),
        })
    });
    details.collect()
}
