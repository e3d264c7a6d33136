//! How an invoice looks that is printed: plain HTML without scripts. What others wrote is escaped by the template.

use std::sync::Arc;

use kit_runtime::Timestamp;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, context};
use subscriptions_api::{InvoiceLineView, InvoiceView};

const NAME: &str = "invoice.html";

/// The page, read. A cheap handle.
#[derive(Clone)]
pub(crate) struct InvoicePage(Arc<Environment<'static>>);

impl InvoicePage {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_template(NAME, include_str!("invoice.html"))?;
        Ok(Self(Arc::new(environment)))
    }

    pub(super) fn render(&self, invoice: &InvoiceView) -> Result<String, Error> {
        let lines: Vec<Value> = invoice.lines.iter().map(line).collect();
        self.0.get_template(NAME)?.render(context! {
            number => invoice.number.as_str(),
            status => invoice.status.as_str(),
            issued_on => day(invoice.issued_at),
            due_on => day(invoice.due_at),
            paid_on => invoice.paid_at.map(day),
            subscription => invoice.subscription_id.to_string(),
            lines,
            total => invoice.total.to_string(),
        })
    }
}

fn line(line: &InvoiceLineView) -> Value {
    let period = line
        .period
        .map(|period| format!("{} to {}", day(period.start), day(period.end)));
    context! {
        description => line.description.as_str(),
        period,
        quantity => line.quantity.get(),
        unit_price => line.unit_price.to_string(),
        amount => line.amount.to_string(),
    }
}

/// The day of a moment (UTC).
fn day(moment: Timestamp) -> String {
    moment
        .to_string()
        .chars()
        .take_while(|sign| *sign != 'T')
        .collect()
}

#[cfg(test)]
mod tests {
    use kit_values::{Currency, Money, Quantity, Uuid};
    use subscriptions_api::InvoiceStatus;

    use super::*;

    #[test]
    fn what_others_wrote_is_text_and_nothing_else() {
        let total = Money {
            amount_minor: 499,
            currency: Currency::USD,
        };
        let invoice = InvoiceView {
            id: Uuid::nil().into(),
            number: "INV-000001".parse().unwrap(),
            status: InvoiceStatus::Paid,
            subscription_id: Uuid::nil().into(),
            lines: vec![InvoiceLineView {
                description: "<script>\"&{{ total }}".to_owned(),
                quantity: Quantity::ONE,
                unit_price: total,
                amount: total,
                period: None,
            }],
            total,
            issued_at: "2030-01-01T00:00:00Z".parse().unwrap(),
            due_at: "2030-01-01T23:00:00Z".parse().unwrap(),
            paid_at: Some("2030-01-02T00:00:00Z".parse().unwrap()),
        };
        let html = InvoicePage::new().unwrap().render(&invoice).unwrap();
        assert!(html.contains("&lt;script&gt;&quot;&amp;{{ total }}"), "{html}");
        assert!(!html.contains("<script"));
        for text in ["Invoice INV-000001", "<dd>2030-01-02</dd>", "4.99 USD"] {
            assert!(html.contains(text), "{html}");
        }
    }
}
