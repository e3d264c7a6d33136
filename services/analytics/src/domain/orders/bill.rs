//! What is paid for orders, and what of it is paid back.

use kit_values::{Money, Sku};
use orders_api::OrderItem;
use serde::{Deserialize, Serialize};

use super::super::counts::{LARGEST_AMOUNT, NotCounted};

/// What is paid for an order, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Bill {
    pub(crate) amount_minor: i64,
    pub(crate) lines: Vec<BillLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct BillLine {
    pub(crate) sku: Sku,
    pub(crate) quantity: i64,
    /// The price of one.
    pub(crate) price_minor: i64,
}

/// What is paid back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Refund {
    pub(crate) amount_minor: i64,
    /// How many of which products; none where it is an amount alone.
    pub(crate) units: Vec<(Sku, i64)>,
    /// Whether the order is `refunded` by it, with everything that is left of its products.
    pub(crate) is_whole: bool,
}

impl Bill {
    /// Of a whole order.
    pub(crate) fn new(total: Money, items: Vec<OrderItem>) -> Result<Self, NotCounted> {
        let line = |item: OrderItem| {
            if item.unit_price.currency != total.currency {
                return Err(NotCounted::Currency);
            }
            let price_minor = countable(item.unit_price.amount_minor)?;
            let quantity = item.quantity.get();
            countable(price_minor.saturating_mul(quantity))?;
            Ok(BillLine {
                sku: item.sku,
                quantity,
                price_minor,
            })
        };
        Ok(Self {
            amount_minor: countable(total.amount_minor)?,
            lines: items.into_iter().map(line).collect::<Result<_, _>>()?,
        })
    }

    /// Takes what is paid back; of products at most what is left of them.
    pub(super) fn take(&mut self, refund: &Refund) -> Self {
        self.amount_minor -= refund.amount_minor;
        if refund.is_whole {
            let lines = std::mem::take(&mut self.lines);
            return Self {
                amount_minor: refund.amount_minor,
                lines,
            };
        }
        let mut lines = Vec::new();
        for (sku, units) in &refund.units {
            let mut units = *units;
            for line in self.lines.iter_mut().filter(|line| line.sku == *sku) {
                let quantity = units.min(line.quantity);
                line.quantity -= quantity;
                units -= quantity;
                lines.push(BillLine {
                    quantity,
                    ..line.clone()
                });
            }
        }
        Self {
            amount_minor: refund.amount_minor,
            lines,
        }
    }
}

/// An amount, unless nobody can mean it.
pub(super) fn countable(amount_minor: i64) -> Result<i64, NotCounted> {
    if (0..=LARGEST_AMOUNT).contains(&amount_minor) {
        Ok(amount_minor)
    } else {
        Err(NotCounted::OrderAmount)
    }
}
