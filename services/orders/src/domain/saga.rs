//! What orders does of its own accord, and when.

use std::time::Duration;

use kit_runtime::{Backoff, Timestamp};
use kit_values::words;
use orders_api::{OrderId, OrderStatus, RefundId};

use super::Order;

words! {
    /// Something that is to be done for an order.
    pub(crate) enum SagaStep {
        /// Nobody has said yet whether there is enough of its items: give it up.
        AwaitStock = "await_stock",
        /// Its stock is held: open its payment.
        OpenPayment = "open_payment",
        /// Its payment should have ended: ask how it ended.
        AwaitPayment = "await_payment",
        /// It was made of a cart: take what was ordered out of that.
        ClearCart = "clear_cart",
        /// Some of it is to be paid back: ask for that.
        Refund = "refund",
        /// It was a guest's and is a user's now: tell payments.
        AssignPayment = "assign_payment",
        /// It was a guest's and has been over for long: forget the guest.
        ForgetGuest = "forget_guest",
    }
}

impl SagaStep {
    /// Those of which an order has one at a time, and that are over when its status changes.
    pub(crate) const OF_STATUS: [Self; 3] = [Self::AwaitStock, Self::OpenPayment, Self::AwaitPayment];
}

/// A step that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DueStep {
    pub order_id: OrderId,
    pub step: SagaStep,
    /// The refund that it is about.
    pub refund_id: Option<RefundId>,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SagaTimes {
    /// How long an order waits until it can be paid.
    pub stock: Duration,
    /// How long it can be paid, from when it was placed.
    pub payment: Duration,
    /// How much later it is asked how its payment ended.
    pub grace: Duration,
    /// How long after the end of a guest's order it is kept whose it was.
    pub guest: Duration,
}

impl SagaTimes {
    /// Until when an order that cannot be paid yet is waited for.
    pub(crate) fn stock_ends(&self, order: &Order) -> Timestamp {
        order.created_at.plus(self.stock)
    }

    /// Until when an order can be paid: the same, however often it is asked for.
    pub(crate) fn payment_ends(&self, order: &Order) -> Timestamp {
        order.created_at.plus(self.payment)
    }

    /// What is to be done for an order that has come to its status, and when.
    pub(crate) fn timer(&self, order: &Order) -> Option<(SagaStep, Timestamp)> {
        match order.status {
            OrderStatus::Pending => Some((SagaStep::AwaitStock, self.stock_ends(order))),
            OrderStatus::Confirmed => {
                let asked_at = self.payment_ends(order).plus(self.grace);
                Some((SagaStep::AwaitPayment, asked_at))
            }
            OrderStatus::Rejected
            | OrderStatus::Paid
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Refunded => None,
        }
    }
}

/// Between two tries of a step.
pub(crate) const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(250),
    longest: Duration::from_mins(1),
};

#[cfg(test)]
mod tests {
    use super::super::order::tests::order;
    use super::*;

    #[test]
    fn an_order_that_waits_for_others_has_a_timer_and_no_other_has() {
        let times = SagaTimes {
            stock: Duration::from_mins(10),
            payment: Duration::from_mins(30),
            grace: Duration::from_mins(1),
            guest: Duration::from_hours(24),
        };
        for status in OrderStatus::ALL {
            let order = Order {
                status,
                ..order(&[("a", 1, 1)])
            };
            let after = |minutes| order.created_at.plus(Duration::from_mins(minutes));
            let expected = match status {
                OrderStatus::Pending => Some((SagaStep::AwaitStock, after(10))),
                OrderStatus::Confirmed => Some((SagaStep::AwaitPayment, after(31))),
                _ => None,
            };
            assert_eq!(times.timer(&order), expected, "{status}");
        }
    }
}
