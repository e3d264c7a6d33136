//! An invoice: what is owed for what.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Money, Quantity, Text};
use orders_api::PaymentId;
use subscriptions_api::{
    InvoiceId, InvoiceLineView, InvoiceNumber, InvoiceStatus, InvoiceView, Period, SubscriptionId,
};

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvoiceLine {
    pub description: String,
    pub quantity: Quantity,
    pub unit_price: Money,
    pub amount: Money,
    pub period: Option<Period>,
}

/// An invoice that has no number yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvoiceDraft {
    pub id: InvoiceId,
    pub subscription_id: SubscriptionId,
    pub user_id: UserId,
    pub line: InvoiceLine,
    pub issued_at: Timestamp,
    pub due_at: Timestamp,
    /// Until when its payment can be made.
    pub payable_until: Timestamp,
}

/// An invoice with its number. What may change of it is how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invoice {
    pub id: InvoiceId,
    pub number: i64,
    pub subscription_id: SubscriptionId,
    pub user_id: UserId,
    pub status: InvoiceStatus,
    pub lines: Vec<InvoiceLine>,
    pub total: Money,
    pub issued_at: Timestamp,
    pub due_at: Timestamp,
    pub payable_until: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub payment_id: Option<PaymentId>,
    /// Whether what was paid is given back.
    pub is_given_back: bool,
    /// What somebody has to look at.
    pub flag: Option<String>,
    pub revision: i64,
}

impl Invoice {
    /// The identifier of its subscription and its number, as its payer reads them.
    pub(crate) fn description(&self) -> String {
        format!("Invoice {}", number_text(self.number))
    }
}

/// A number as people say it.
pub(crate) fn number_text(number: i64) -> InvoiceNumber {
    // Nineteen digits at most.
    Text::parse(format!("INV-{number:06}")).unwrap_or_else(|_| kit_values::example("INV-000000"))
}

impl From<Invoice> for InvoiceView {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id,
            number: number_text(invoice.number),
            status: invoice.status,
            subscription_id: invoice.subscription_id,
            lines: invoice.lines.into_iter().map(InvoiceLineView::from).collect(),
            total: invoice.total,
            issued_at: invoice.issued_at,
            due_at: invoice.due_at,
            paid_at: invoice.paid_at,
        }
    }
}

impl From<InvoiceLine> for InvoiceLineView {
    fn from(line: InvoiceLine) -> Self {
        Self {
            description: line.description,
            quantity: line.quantity,
            unit_price: line.unit_price,
            amount: line.amount,
            period: line.period,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_at_least_six_digits() {
        assert_eq!(number_text(1).as_str(), "INV-000001");
        assert_eq!(number_text(1_234_567).as_str(), "INV-1234567");
        assert_eq!(number_text(i64::MAX).as_str(), "INV-9223372036854775807");
    }
}
