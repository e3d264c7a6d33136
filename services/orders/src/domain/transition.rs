//! The graph of an order's states: everything that can happen to one, and where it leads.

use kit_values::Money;
use orders_api::{CancelReason, OrderStatus, PaymentId, RefundId, RefundedItem, StockShortage, Tracking};

/// Something that happens to an order that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    /// Its stock is held, and its payment open.
    Confirm(PaymentId),
    /// There was not enough of these.
    Reject(Vec<StockShortage>),
    /// Its payment succeeded.
    Pay,
    /// It is given up.
    Cancel(CancelReason),
    /// It leaves.
    Ship(Tracking),
    /// It arrives.
    Deliver,
    /// A part of it was paid back, or all.
    Refund(PaidBack),
}

/// What was paid back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaidBack {
    pub refund_id: RefundId,
    pub amount: Money,
    /// For which items, where it was by line.
    pub items: Vec<RefundedItem>,
    /// Whether nothing is left to pay back.
    pub is_whole: bool,
}

impl Transition {
    /// Where it leads from a status; none where it cannot happen there, because it comes too late or again.
    pub(crate) fn next(&self, from: OrderStatus) -> Option<OrderStatus> {
        use OrderStatus::{Cancelled, Confirmed, Delivered, Paid, Pending, Refunded, Rejected, Shipped};
        match from {
            Pending => match self {
                Self::Confirm(_) => Some(Confirmed),
                Self::Reject(_) => Some(Rejected),
                Self::Cancel(_) => Some(Cancelled),
                Self::Pay | Self::Ship(_) | Self::Deliver | Self::Refund(_) => None,
            },
            Confirmed => match self {
                Self::Pay => Some(Paid),
                Self::Cancel(_) => Some(Cancelled),
                Self::Confirm(_) | Self::Reject(_) | Self::Ship(_) | Self::Deliver | Self::Refund(_) => None,
            },
            Paid => match self {
                Self::Ship(_) => Some(Shipped),
                // Whoever holds its stock hears yet that it is paid.
                Self::Cancel(reason) => (*reason != CancelReason::ReservationExpired).then_some(Cancelled),
                Self::Refund(back) => Some(if back.is_whole { Refunded } else { Paid }),
                Self::Confirm(_) | Self::Reject(_) | Self::Pay | Self::Deliver => None,
            },
            Shipped => match self {
                Self::Deliver => Some(Delivered),
                Self::Refund(back) => Some(if back.is_whole { Refunded } else { Shipped }),
                Self::Confirm(_) | Self::Reject(_) | Self::Pay | Self::Cancel(_) | Self::Ship(_) => None,
            },
            Delivered => match self {
                Self::Refund(back) => Some(if back.is_whole { Refunded } else { Delivered }),
                Self::Confirm(_)
                | Self::Reject(_)
                | Self::Pay
                | Self::Cancel(_)
                | Self::Ship(_)
                | Self::Deliver => None,
            },
            // It stays what it is: what comes back is what was paid for something that was given up.
            Cancelled => matches!(self, Self::Refund(_)).then_some(Cancelled),
            Rejected | Refunded => None,
        }
    }
}

/// Whether nothing but money coming back can happen to an order any more.
pub(crate) const fn is_final(status: OrderStatus) -> bool {
    match status {
        OrderStatus::Rejected | OrderStatus::Delivered | OrderStatus::Cancelled | OrderStatus::Refunded => {
            true
        }
        OrderStatus::Pending | OrderStatus::Confirmed | OrderStatus::Paid | OrderStatus::Shipped => false,
    }
}

#[cfg(test)]
mod tests {
    use kit_values::{Currency, Uuid};
    use proptest::prelude::*;

    use super::*;

    fn transitions() -> Vec<Transition> {
        let back = |is_whole| {
            Transition::Refund(PaidBack {
                refund_id: Uuid::nil().into(),
                amount: Money::zero(Currency::USD),
                items: Vec::new(),
                is_whole,
            })
        };
        let tracking = Tracking {
            carrier: "DHL".parse().unwrap(),
            tracking_number: "1".parse().unwrap(),
        };
        vec![
            Transition::Confirm(Uuid::nil().into()),
            Transition::Reject(Vec::new()),
            Transition::Pay,
            Transition::Cancel(CancelReason::Requested),
            Transition::Cancel(CancelReason::ReservationExpired),
            Transition::Ship(tracking),
            Transition::Deliver,
            back(false),
            back(true),
        ]
    }

    /// The page's words, as pairs of states.
    const EDGES: [(&str, &str); 15] = [
        ("pending", "confirmed"),
        ("pending", "rejected"),
        ("pending", "cancelled"),
        ("confirmed", "paid"),
        ("confirmed", "cancelled"),
        ("paid", "shipped"),
        ("paid", "cancelled"),
        ("paid", "paid"),
        ("paid", "refunded"),
        ("shipped", "delivered"),
        ("shipped", "shipped"),
        ("shipped", "refunded"),
        ("delivered", "delivered"),
        ("delivered", "refunded"),
        ("cancelled", "cancelled"),
    ];

    #[test]
    fn the_graph_is_the_one_that_was_drawn() {
        let mut edges: Vec<_> = OrderStatus::ALL
            .into_iter()
            .flat_map(|from| {
                transitions()
                    .into_iter()
                    .map(move |transition| (from, transition))
            })
            .filter_map(|(from, transition)| Some((from.as_str(), transition.next(from)?.as_str())))
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let mut drawn = EDGES;
        drawn.sort_unstable();
        assert_eq!(edges, drawn);
    }

    #[test]
    fn what_is_paid_is_not_given_up_because_its_stock_was_held_for_long() {
        let overdue = Transition::Cancel(CancelReason::ReservationExpired);
        for status in OrderStatus::ALL {
            let waits = [OrderStatus::Pending, OrderStatus::Confirmed].contains(&status);
            assert_eq!(
                overdue.next(status),
                waits.then_some(OrderStatus::Cancelled),
                "{status}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_an_order_ends_once(steps in prop::collection::vec(0_usize..9, 0..40)) {
            let (all, mut status, mut ends) = (transitions(), OrderStatus::Pending, 0);
            for step in steps {
                if let Some(next) = all[step].next(status) {
                    let leaves = status != next;
                    prop_assert!(!(leaves && is_final(status)) || next == OrderStatus::Refunded);
                    ends += usize::from(leaves && is_final(next) && next != OrderStatus::Delivered);
                    status = next;
                }
            }
            prop_assert!(ends <= 1, "only one of rejected, cancelled and refunded");
        }

        #[test]
        fn nothing_is_shipped_that_is_not_paid(steps in prop::collection::vec(0_usize..9, 0..40)) {
            let (all, mut status, mut is_paid) = (transitions(), OrderStatus::Pending, false);
            for step in steps {
                if let Some(next) = all[step].next(status) {
                    is_paid |= next == OrderStatus::Paid;
                    prop_assert!(next != OrderStatus::Shipped || is_paid);
                    status = next;
                }
            }
        }
    }
}
