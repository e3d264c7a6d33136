//! What is read of the events of orders.

use kit_event::Event;
use kit_runtime::Timestamp;
use kit_values::Money;
use orders_api::{
    OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderId, OrderItem, OrderPaid,
    OrderRefunded, OrderRejected, OrderShipped, RefundedItem,
};
use serde::de::DeserializeOwned;

use crate::domain::{Bill, NotCounted, OrderChange, OrderFact, Refund};

/// An event of an order, as far as it is counted.
pub(super) trait CountedEvent: Event + DeserializeOwned + Send + 'static {
    fn into_fact(self) -> Result<OrderFact, NotCounted>;
}

/// Declares the views of events of which it is counted that they happened, and nothing else.
macro_rules! plain_events {
    ($($view:ident of $event:ident is $change:ident;)+) => {$(
        kit_event::partial_event! {
            /// The event, as far as it is counted.
            pub(super) struct $view of $event (key: order_id) {
                order_id: OrderId,
                version: i64,
                total: Money,
                timestamp: Timestamp,
            }
        }

        impl CountedEvent for $view {
            fn into_fact(self) -> Result<OrderFact, NotCounted> {
                OrderFact::new((self.order_id, self.version), self.total, self.timestamp, OrderChange::$change)
            }
        }
    )+};
}

plain_events! {
    CreatedOrder of OrderCreated is Created;
    ConfirmedOrder of OrderConfirmed is Confirmed;
    RejectedOrder of OrderRejected is Rejected;
    CancelledOrder of OrderCancelled is Cancelled;
    ShippedOrder of OrderShipped is Shipped;
    DeliveredOrder of OrderDelivered is Delivered;
}

kit_event::partial_event! {
    /// `order.paid`, as far as it is counted.
    pub(super) struct PaidOrder of OrderPaid (key: order_id) {
        order_id: OrderId,
        version: i64,
        items: Vec<OrderItem>,
        total: Money,
        timestamp: Timestamp,
    }
}

impl CountedEvent for PaidOrder {
    fn into_fact(self) -> Result<OrderFact, NotCounted> {
        let bill = Bill::new(self.total, self.items)?;
        OrderFact::new(
            (self.order_id, self.version),
            self.total,
            self.timestamp,
            OrderChange::Paid(bill),
        )
    }
}

kit_event::partial_event! {
    /// `order.refunded`, as far as it is counted.
    pub(super) struct RefundedOrder of OrderRefunded (key: order_id) {
        order_id: OrderId,
        version: i64,
        total: Money,
        amount: Money,
        items: Vec<RefundedItem>,
        is_whole: bool,
        timestamp: Timestamp,
    }
}

impl CountedEvent for RefundedOrder {
    fn into_fact(self) -> Result<OrderFact, NotCounted> {
        let units = self.items.into_iter().map(|item| (item.sku, item.quantity.get()));
        let refund = Refund {
            amount_minor: self.amount.amount_minor,
            units: units.collect(),
            is_whole: self.is_whole,
        };
        if self.amount.currency != self.total.currency {
            return Err(NotCounted::Currency);
        }
        OrderFact::new(
            (self.order_id, self.version),
            self.total,
            self.timestamp,
            OrderChange::Refunded(refund),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn paid(version: i64, total: i64, price: &Value) -> Result<OrderFact, NotCounted> {
        let event: PaidOrder = serde_json::from_value(json!({
            "order_id": "ord_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "version": version, "number": 7,
            "items": [{ "sku": "TEA", "quantity": 999, "unit_price": price }],
            "total": { "amount_minor": total, "currency": "USD" },
            "timestamp": "2030-01-01T00:00:00Z", "more": {},
        }))
        .unwrap();
        event.into_fact()
    }

    #[test]
    fn amounts_and_versions_that_cannot_be_meant_are_not_counted() {
        let dollars = |amount_minor: i64| json!({ "amount_minor": amount_minor, "currency": "USD" });
        let euros = json!({ "amount_minor": 1, "currency": "EUR" });
        assert!(paid(1, 0, &dollars(0)).is_ok(), "a gift");
        assert_eq!(paid(0, 10, &dollars(10)), Err(NotCounted::Version));
        assert_eq!(paid(1, 10, &euros), Err(NotCounted::Currency));
        for total in [-1, 1_000_000_000_001, i64::MAX, i64::MIN] {
            assert_eq!(
                paid(1, total, &dollars(10)),
                Err(NotCounted::OrderAmount),
                "{total}"
            );
        }
        for price in [-1, 1_001_001_002, i64::MAX, i64::MIN] {
            assert_eq!(
                paid(1, 10, &dollars(price)),
                Err(NotCounted::OrderAmount),
                "{price}"
            );
        }
    }
}
