//! An order, and what becomes of it.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Money, Quantity, Sku};
use orders_api::OrderId;
use orders_api::{
    OrderItem, OrderItemView, OrderNumber, OrderRefundStatus, OrderRefundView, OrderStatus, OrderView,
    PaymentId, ShippingAddress, StockShortage, Tracking,
};

use super::{OrderEvent, Refund, Transition};

/// A line of an order: a SKU at its name and price when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderLine {
    pub sku: Sku,
    pub name: String,
    pub quantity: Quantity,
    pub unit_price: Money,
}

impl OrderLine {
    /// What all of them come to, where it can be counted.
    pub(crate) fn total(&self) -> Option<Money> {
        self.unit_price.checked_mul(self.quantity).ok()
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub id: OrderId,
    pub number: i64,
    pub user_id: Option<UserId>,
    pub email: Option<String>,
    pub status: OrderStatus,
    /// How many rows its history has.
    pub version: i64,
    /// How often anything of it changed.
    pub revision: i64,
    pub total: Money,
    pub refunded: Money,
    pub payment_id: Option<PaymentId>,
    pub shipping_address: Option<ShippingAddress>,
    pub note: Option<String>,
    pub reason: Option<String>,
    pub shortages: Vec<StockShortage>,
    pub tracking: Option<Tracking>,
    /// By SKU.
    pub lines: Vec<OrderLine>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A row of an order's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    pub version: i64,
    pub status: OrderStatus,
    pub reason: Option<String>,
    pub tracking: Option<Tracking>,
    /// How much this paid back.
    pub refunded: Option<Money>,
    pub at: Timestamp,
}

/// What something makes of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The order after it.
    pub order: Order,
    pub entry: HistoryEntry,
    pub event: OrderEvent,
}

impl Order {
    /// The number as people say it.
    pub(crate) fn number_text(&self) -> OrderNumber {
        let text = self.number.to_string();
        // An i64 has at most twenty characters.
        text.parse().unwrap_or_else(|_| unreachable!("a number is short"))
    }

    /// What is ordered, as events say it.
    pub(crate) fn items(&self) -> Vec<OrderItem> {
        let item = |line: &OrderLine| OrderItem {
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
        };
        self.lines.iter().map(item).collect()
    }

    /// Whether it holds stock for which nothing was paid.
    pub(crate) fn waits_for_payment(&self) -> bool {
        matches!(self.status, OrderStatus::Pending | OrderStatus::Confirmed)
    }

    /// Whether its address can still be changed.
    pub(crate) fn takes_address(&self) -> bool {
        match self.status {
            OrderStatus::Pending | OrderStatus::Confirmed | OrderStatus::Paid => true,
            OrderStatus::Rejected
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Refunded => false,
        }
    }

    /// Takes out of it what says who somebody is. Its items and sums stay: they are books.
    pub(crate) fn forget(&mut self) {
        self.email = None;
        self.shipping_address = None;
        self.note = None;
    }

    /// The row of its history that it is placed with.
    pub(crate) fn placed(&self) -> HistoryEntry {
        self.entry(self.created_at)
    }

    fn entry(&self, at: Timestamp) -> HistoryEntry {
        HistoryEntry {
            version: self.version,
            status: self.status,
            reason: None,
            tracking: None,
            refunded: None,
            at,
        }
    }

    /// What becomes of it; none where this cannot happen to it any more, or has happened.
    pub(crate) fn apply(&self, transition: &Transition, at: Timestamp) -> Option<Change> {
        let mut order = self.clone();
        order.status = transition.next(self.status)?;
        order.version += 1;
        order.revision += 1;
        // Clocks of two processes may differ; a history goes forward.
        order.updated_at = at.max(self.updated_at);
        let mut entry = order.entry(order.updated_at);
        match transition {
            Transition::Confirm(payment_id) => order.payment_id = Some(*payment_id),
            Transition::Reject(shortages) => {
                order.shortages.clone_from(shortages);
                order.reason = Some(shortage_text(shortages));
                entry.reason.clone_from(&order.reason);
            }
            Transition::Cancel(reason) => {
                order.reason = Some(reason.to_string());
                entry.reason.clone_from(&order.reason);
            }
            Transition::Ship(tracking) => {
                order.tracking = Some(tracking.clone());
                entry.tracking = Some(tracking.clone());
            }
            Transition::Refund(back) => {
                order.refunded = self.refunded.checked_add(back.amount).ok()?;
                entry.refunded = Some(back.amount);
            }
            Transition::Pay | Transition::Deliver => {}
        }
        let event = OrderEvent::of(self, &order, transition)?;
        Some(Change { order, entry, event })
    }
}

/// Of what there was not enough, for people.
fn shortage_text(shortages: &[StockShortage]) -> String {
    let one = |short: &StockShortage| {
        let StockShortage {
            sku,
            quantity,
            available,
        } = short;
        format!("of `{sku}` {quantity} were ordered and {available} are there")
    };
    let all: Vec<_> = shortages.iter().map(one).collect();
    if all.is_empty() {
        return "there is not enough in stock".to_owned();
    }
    all.join("; ")
}

/// An order with its refunds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderDetails {
    pub order: Order,
    /// The first one first.
    pub refunds: Vec<Refund>,
}

impl OrderDetails {
    fn items(&self) -> Vec<OrderItemView> {
        let item = |line: &OrderLine| OrderItemView {
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            // An order whose lines cannot be counted is not placed.
            line_total: line.total().unwrap_or(line.unit_price),
            refunded_quantity: Refund::quantity_of(&self.refunds, &line.sku, |status| {
                status == OrderRefundStatus::Succeeded
            }),
        };
        self.order.lines.iter().map(item).collect()
    }
}

impl From<OrderDetails> for OrderView {
    fn from(details: OrderDetails) -> Self {
        let items = details.items();
        let OrderDetails { order, refunds } = details;
        let refund = |refund: Refund| OrderRefundView {
            id: refund.id,
            amount: refund.amount,
            status: refund.status,
            created_at: refund.created_at,
        };
        Self {
            id: order.id,
            number: order.number_text(),
            user_id: order.user_id,
            email: order.email,
            status: order.status,
            items,
            total: order.total,
            refunded: order.refunded,
            payment_id: order.payment_id,
            shipping_address: order.shipping_address,
            note: order.note,
            reason: order.reason,
            shortages: order.shortages,
            tracking: order.tracking,
            refunds: refunds.into_iter().map(refund).collect(),
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use kit_values::{Currency, Uuid};
    use orders_api::{CancelReason, RefundedItem};

    use super::super::PaidBack;
    use super::*;

    /// A pending order of SKUs, each with a quantity and a price.
    pub(in crate::domain) fn order(lines: &[(&str, i64, i64)]) -> Order {
        let usd = |amount_minor| Money {
            amount_minor,
            currency: Currency::USD,
        };
        let line = |(sku, quantity, price): &(&str, i64, i64)| OrderLine {
            sku: sku.parse().unwrap(),
            name: (*sku).to_owned(),
            quantity: Quantity::try_from(*quantity).unwrap(),
            unit_price: usd(*price),
        };
        let at = Timestamp::from_seconds(1_000);
        Order {
            id: Uuid::nil().into(),
            number: 10_001,
            user_id: None,
            email: None,
            status: OrderStatus::Pending,
            version: 1,
            revision: 1,
            total: usd(lines.iter().map(|(_, quantity, price)| quantity * price).sum()),
            refunded: usd(0),
            payment_id: None,
            shipping_address: None,
            note: None,
            reason: None,
            shortages: Vec::new(),
            tracking: None,
            lines: lines.iter().map(line).collect(),
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn each_change_is_one_version_with_its_entry_and_event() {
        let placed = order(&[("a", 2, 100)]);
        let at = Timestamp::from_seconds(2_000);
        let confirmed = placed
            .apply(&Transition::Confirm(Uuid::nil().into()), at)
            .unwrap();
        assert_eq!((confirmed.order.version, confirmed.entry.version), (2, 2));
        let OrderEvent::Confirmed(event) = confirmed.event else {
            panic!("{:?}", confirmed.event)
        };
        assert_eq!((event.version, event.timestamp), (2, at));
        let cancelled = confirmed
            .order
            .apply(&Transition::Cancel(CancelReason::PaymentFailed), at)
            .unwrap();
        assert_eq!(cancelled.entry.reason.as_deref(), Some("payment_failed"));
        let OrderEvent::Cancelled(event) = cancelled.event else {
            panic!("{:?}", cancelled.event)
        };
        assert!(!event.was_paid);
        assert_eq!(
            cancelled.order.apply(&Transition::Pay, at),
            None,
            "nothing revives it"
        );
    }

    #[test]
    fn a_history_goes_forward_though_a_clock_goes_back() {
        let placed = order(&[("a", 1, 1)]);
        let change = placed
            .apply(
                &Transition::Confirm(Uuid::nil().into()),
                Timestamp::from_seconds(1),
            )
            .unwrap();
        assert_eq!(change.entry.at, placed.created_at);
    }

    #[test]
    fn a_rejection_says_what_was_short() {
        let short = StockShortage {
            sku: "mug".parse().unwrap(),
            quantity: 4,
            available: 3,
        };
        let change = order(&[("mug", 4, 1)]).apply(
            &Transition::Reject(vec![short.clone()]),
            Timestamp::from_seconds(1),
        );
        let rejected = change.unwrap().order;
        assert_eq!(
            rejected.reason.as_deref(),
            Some("of `mug` 4 were ordered and 3 are there")
        );
        assert_eq!(rejected.shortages, [short]);
    }

    #[test]
    fn an_order_that_is_paid_back_stays_what_it_is_until_nothing_is_left() {
        let paid = Order {
            status: OrderStatus::Shipped,
            payment_id: Some(Uuid::nil().into()),
            ..order(&[("a", 2, 100)])
        };
        let back = |amount_minor, is_whole| {
            Transition::Refund(PaidBack {
                refund_id: Uuid::nil().into(),
                amount: Money {
                    amount_minor,
                    ..paid.total
                },
                items: vec![RefundedItem {
                    sku: "a".parse().unwrap(),
                    quantity: Quantity::ONE,
                }],
                is_whole,
            })
        };
        let at = Timestamp::from_seconds(2_000);
        let part = paid.apply(&back(100, false), at).unwrap().order;
        assert_eq!(
            (part.status, part.refunded.amount_minor),
            (OrderStatus::Shipped, 100)
        );
        let whole = part.apply(&back(100, true), at).unwrap();
        assert_eq!(
            (whole.order.status, whole.order.refunded),
            (OrderStatus::Refunded, paid.total)
        );
    }
}
