//! What is published of an order.

use orders_api::{
    OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderPaid, OrderRefunded, OrderRejected,
    OrderShipped, OrderStatus,
};

use super::{Order, Transition};

/// An event of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrderEvent {
    Created(OrderCreated),
    Confirmed(OrderConfirmed),
    Rejected(OrderRejected),
    Paid(OrderPaid),
    Cancelled(OrderCancelled),
    Shipped(OrderShipped),
    Delivered(OrderDelivered),
    Refunded(OrderRefunded),
}

impl OrderEvent {
    /// That an order was placed.
    pub(crate) fn created(after: &Order) -> Self {
        Self::Created(OrderCreated {
            order_id: after.id,
            number: after.number_text(),
            version: after.version,
            user_id: after.user_id,
            total: after.total,
            timestamp: after.updated_at,
            items: after.items(),
        })
    }

    /// What a transition is published as; none where the order has no payment though it should.
    pub(super) fn of(before: &Order, after: &Order, transition: &Transition) -> Option<Self> {
        Some(match transition {
            Transition::Confirm(payment_id) => Self::Confirmed(OrderConfirmed {
                order_id: after.id,
                number: after.number_text(),
                version: after.version,
                user_id: after.user_id,
                total: after.total,
                timestamp: after.updated_at,
                payment_id: *payment_id,
            }),
            Transition::Reject(shortages) => Self::Rejected(OrderRejected {
                order_id: after.id,
                number: after.number_text(),
                version: after.version,
                user_id: after.user_id,
                total: after.total,
                timestamp: after.updated_at,
                shortages: shortages.clone(),
            }),
            Transition::Pay => Self::Paid(OrderPaid {
                order_id: after.id,
                number: after.number_text(),
                version: after.version,
                user_id: after.user_id,
                total: after.total,
                timestamp: after.updated_at,
                items: after.items(),
                payment_id: after.payment_id?,
            }),
            Transition::Cancel(reason) => Self::Cancelled(OrderCancelled {
                order_id: after.id,
                number: after.number_text(),
                version: after.version,
                user_id: after.user_id,
                total: after.total,
                timestamp: after.updated_at,
                items: after.items(),
                was_paid: before.status == OrderStatus::Paid,
                reason: *reason,
            }),
            Transition::Ship(tracking) => Self::Shipped(OrderShipped {
                order_id: after.id,
                number: after.number_text(),
                version: after.version,
                user_id: after.user_id,
                total: after.total,
                timestamp: after.updated_at,
                carrier: tracking.carrier.to_string(),
                tracking_number: tracking.tracking_number.to_string(),
            }),
            Transition::Deliver => Self::Delivered(OrderDelivered {
                order_id: after.id,
                number: after.number_text(),
                version: after.version,
                user_id: after.user_id,
                total: after.total,
                timestamp: after.updated_at,
            }),
            Transition::Refund(back) => Self::Refunded(OrderRefunded {
                order_id: after.id,
                number: after.number_text(),
                version: after.version,
                user_id: after.user_id,
                total: after.total,
                timestamp: after.updated_at,
                refund_id: back.refund_id,
                amount: back.amount,
                refunded: after.refunded,
                items: back.items.clone(),
                is_whole: back.is_whole,
            }),
        })
    }
}
