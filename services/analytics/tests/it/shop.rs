//! Orders' side of the stories: a log, and orders that something becomes of.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::Arc;

use kit_event::Event;
use kit_runtime::{Ids, Timestamp};
use kit_testing::{EventLog, Fixture, TestProcess};
use kit_values::{Money, Quantity};
use orders_api::{
    CancelReason, OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderId, OrderItem,
    OrderPaid, OrderRefunded, OrderRejected, OrderShipped, PaymentId, RefundId, RefundedItem,
};

/// The log of orders.
pub(crate) struct Orders(pub(crate) EventLog);

impl Orders {
    pub(crate) async fn open(fixture: &Fixture, process: &Arc<TestProcess>) -> Self {
        Self(EventLog::open(fixture, process, "orders", orders_api::TOPICS).await)
    }

    /// Publishes events of any types, one after the other. What is published again is another event of the same
    /// content.
    pub(crate) async fn publish(&self, events: impl IntoIterator<Item = OrderEvent>) {
        for event in events {
            self.publish_raw(event.kind, &event.key, &event.payload).await;
        }
    }

    /// Writes an event as somebody else may have: with this payload, whatever it is.
    pub(crate) async fn publish_raw(&self, kind: &'static str, key: &str, payload: &str) {
        self.0.publish_raw(("orders", kind), key, payload).await;
    }
}

/// An event of an order, whichever it is.
#[derive(Clone, Debug)]
pub(crate) struct OrderEvent {
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) payload: String,
}

fn event<E: Event>(event: &E) -> OrderEvent {
    OrderEvent {
        kind: E::TYPE,
        key: event.key(),
        payload: serde_json::to_string(event).unwrap(),
    }
}

/// An order. Each of its methods is what becomes of it next, as orders publish it.
pub(crate) struct Order {
    pub(crate) id: OrderId,
    version: i64,
    items: Vec<OrderItem>,
    total: Money,
    refunded: i64,
    was_paid: bool,
}

impl Order {
    /// Of these SKUs, quantities, and prices in minor units.
    pub(crate) fn new(currency: &str, items: &[(&str, i64, i64)]) -> Self {
        let money = |amount_minor| Money {
            amount_minor,
            currency: currency.parse().unwrap(),
        };
        let item = |(sku, quantity, price): &(&str, i64, i64)| OrderItem {
            sku: sku.parse().unwrap(),
            quantity: Quantity::try_from(*quantity).unwrap(),
            unit_price: money(*price),
        };
        Self {
            id: OrderId::from(Ids::system().uuid()),
            version: 0,
            items: items.iter().map(item).collect(),
            total: money(items.iter().map(|(_, quantity, price)| quantity * price).sum()),
            refunded: 0,
            was_paid: false,
        }
    }

    fn next(&mut self) -> i64 {
        self.version += 1;
        self.version
    }

    pub(crate) fn created(&mut self, timestamp: Timestamp) -> OrderEvent {
        event(&OrderCreated {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            items: self.items.clone(),
            total: self.total,
            timestamp,
        })
    }

    pub(crate) fn confirmed(&mut self, timestamp: Timestamp) -> OrderEvent {
        event(&OrderConfirmed {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            total: self.total,
            payment_id: PaymentId::from(Ids::system().uuid()),
            timestamp,
        })
    }

    pub(crate) fn rejected(&mut self, timestamp: Timestamp) -> OrderEvent {
        event(&OrderRejected {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            total: self.total,
            shortages: Vec::new(),
            timestamp,
        })
    }

    pub(crate) fn paid(&mut self, timestamp: Timestamp) -> OrderEvent {
        self.was_paid = true;
        event(&OrderPaid {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            items: self.items.clone(),
            total: self.total,
            payment_id: PaymentId::from(Ids::system().uuid()),
            timestamp,
        })
    }

    pub(crate) fn cancelled(&mut self, timestamp: Timestamp) -> OrderEvent {
        event(&OrderCancelled {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            items: self.items.clone(),
            total: self.total,
            was_paid: self.was_paid,
            reason: CancelReason::Requested,
            timestamp,
        })
    }

    pub(crate) fn shipped(&mut self, timestamp: Timestamp) -> OrderEvent {
        event(&OrderShipped {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            total: self.total,
            carrier: "DHL".to_owned(),
            tracking_number: "1".to_owned(),
            timestamp,
        })
    }

    pub(crate) fn delivered(&mut self, timestamp: Timestamp) -> OrderEvent {
        event(&OrderDelivered {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            total: self.total,
            timestamp,
        })
    }

    /// Some units of it at their prices, or an amount where there are none of them.
    pub(crate) fn refunded(
        &mut self,
        units: &[(&str, i64)],
        (amount_minor, is_whole): (i64, bool),
        timestamp: Timestamp,
    ) -> OrderEvent {
        self.refunded += amount_minor;
        let of_order = |amount_minor| Money {
            amount_minor,
            ..self.total
        };
        let item = |(sku, quantity): &(&str, i64)| RefundedItem {
            sku: sku.parse().unwrap(),
            quantity: Quantity::try_from(*quantity).unwrap(),
        };
        let (amount, refunded) = (of_order(amount_minor), of_order(self.refunded));
        event(&OrderRefunded {
            order_id: self.id,
            number: "10001".parse().unwrap(),
            version: self.next(),
            user_id: None,
            total: self.total,
            refund_id: RefundId::from(Ids::system().uuid()),
            amount,
            refunded,
            items: units.iter().map(item).collect(),
            is_whole,
            timestamp,
        })
    }
}
