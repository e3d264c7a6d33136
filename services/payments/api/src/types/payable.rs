//! What a payment is of.

use std::fmt;
use std::str::FromStr;

use kit_values::IdError;
use orders_api::OrderId;
use schemars::{Schema, json_schema};
use subscriptions_api::InvoiceId;

/// What is paid by a payment, and has one payment for ever. Its text is that of the identifier, whose prefix says which
/// of them it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payable {
    /// An order.
    Order(OrderId),
    /// An invoice of a subscription.
    Invoice(InvoiceId),
}

impl Payable {
    /// The order, where it is one.
    pub const fn order_id(self) -> Option<OrderId> {
        match self {
            Self::Order(id) => Some(id),
            Self::Invoice(_) => None,
        }
    }

    /// The invoice, where it is one.
    pub const fn invoice_id(self) -> Option<InvoiceId> {
        match self {
            Self::Order(_) => None,
            Self::Invoice(id) => Some(id),
        }
    }
}

impl From<OrderId> for Payable {
    fn from(id: OrderId) -> Self {
        Self::Order(id)
    }
}

impl From<InvoiceId> for Payable {
    fn from(id: InvoiceId) -> Self {
        Self::Invoice(id)
    }
}

impl fmt::Display for Payable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => id.fmt(f),
            Self::Invoice(id) => id.fmt(f),
        }
    }
}

impl FromStr for Payable {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let order = text.parse().map(Self::Order);
        order.or_else(|_| text.parse().map(Self::Invoice))
    }
}

kit_values::text_form!(Payable, schema());

fn schema() -> Schema {
    json_schema!({ "type": "string", "pattern": "^(ord|inv)_[0-9a-f-]{36}$" })
}
