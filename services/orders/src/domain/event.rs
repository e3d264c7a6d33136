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

/// The payload of an event: what each tells of the order, and the members that only this one has.
macro_rules! told {
    ($payload:ident of $order:ident { $($member:ident: $value:expr,)* }) => {
        $payload {
            order_id: $order.id,
            number: $order.number_text(),
            version: $order.version,
            user_id: $order.user_id,
            total: $order.total,
            timestamp: $order.updated_at,
            $($member: $value,)*
        }
    };
}

impl OrderEvent {
    /// That an order was placed.
    pub(crate) fn created(after: &Order) -> Self {
        Self::Created(told!(OrderCreated of after {
            items: after.items(),
        }))
    }

    /// What a transition is published as; none where the order has no payment though it should.
    pub(super) fn of(before: &Order, after: &Order, transition: &Transition) -> Option<Self> {
        Some(match transition {
            Transition::Confirm(payment_id) => Self::Confirmed(told!(OrderConfirmed of after {
                payment_id: *payment_id,
            })),
            Transition::Reject(shortages) => Self::Rejected(told!(OrderRejected of after {
                shortages: shortages.clone(),
            })),
            Transition::Pay => Self::Paid(told!(OrderPaid of after {
                items: after.items(),
                payment_id: after.payment_id?,
            })),
            Transition::Cancel(reason) => Self::Cancelled(told!(OrderCancelled of after {
                items: after.items(),
                was_paid: before.status == OrderStatus::Paid,
                reason: *reason,
            })),
            Transition::Ship(tracking) => Self::Shipped(told!(OrderShipped of after {
                carrier: tracking.carrier.to_string(),
                tracking_number: tracking.tracking_number.to_string(),
            })),
            Transition::Deliver => Self::Delivered(told!(OrderDelivered of after {})),
            Transition::Refund(back) => Self::Refunded(told!(OrderRefunded of after {
                refund_id: back.refund_id,
                amount: back.amount,
                refunded: after.refunded,
                items: back.items.clone(),
                is_whole: back.is_whole,
            })),
        })
    }
}
