//! Lines of invoices.

use std::collections::HashMap;

use kit_db::{Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_values::{Currency, Money};
use subscriptions_api::{InvoiceId, Period};

use crate::domain::InvoiceLine;

pub(super) async fn insert_line(
    tx: &mut Tx,
    invoice_id: InvoiceId,
    line: &InvoiceLine,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO invoice_lines (invoice_id, line, description, quantity, unit_price_minor, amount_minor, \
         period_start, period_end) VALUES ($1, 1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(invoice_id.to_string())
    .bind(line.description.as_str())
    .bind(line.quantity.get())
    .bind(line.unit_price.amount_minor)
    .bind(line.amount.amount_minor)
    .bind(line.period.map(|period| period.start))
    .bind(line.period.map(|period| period.end))
    .execute(tx)
    .await?;
    Ok(())
}

/// The lines of some invoices, by these, each invoice's in their order.
pub(super) async fn list_lines(
    on: &mut impl Session,
    invoices: &[(InvoiceId, Currency)],
) -> Result<HashMap<InvoiceId, Vec<InvoiceLine>>, StoreError> {
    let mut lines: HashMap<InvoiceId, Vec<InvoiceLine>> = HashMap::new();
    if invoices.is_empty() {
        return Ok(lines);
    }
    let currencies: HashMap<InvoiceId, Currency> = invoices.iter().copied().collect();
    let rows = sql(
        "SELECT invoice_id, description, quantity, unit_price_minor, amount_minor, period_start, period_end \
         FROM invoice_lines WHERE invoice_id IN ",
    )
    .push_list(invoices.iter().map(|(id, _)| id.to_string()))
    .push(" ORDER BY invoice_id, line")
    .all(on)
    .await?;
    for row in &rows {
        let id: InvoiceId = row.parse("invoice_id")?;
        let currency = currencies.get(&id).copied().unwrap_or(Currency::USD);
        let money = |amount_minor| Money {
            amount_minor,
            currency,
        };
        let (start, end): (Option<Timestamp>, Option<Timestamp>) =
            (row.get("period_start")?, row.get("period_end")?);
        lines.entry(id).or_default().push(InvoiceLine {
            description: row.get("description")?,
            quantity: row.convert("quantity")?,
            unit_price: money(row.get("unit_price_minor")?),
            amount: money(row.get("amount_minor")?),
            period: start.zip(end).map(|(start, end)| Period { start, end }),
        });
    }
    Ok(lines)
}
