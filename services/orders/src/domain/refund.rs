//! Paying an order back: how much of it, and for which of its items.

use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_values::{Money, Quantity, Sku};
use orders_api::{
    MOST_LINES, OrderId, OrderRefundStatus, OrderStatus, OrdersRefusal, RefundId, RefundOrder, RefundedItem,
};

use super::Order;

/// In how many parts an order is refunded at most.
const MOST_REFUNDS: usize = 100;

/// A refund of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    pub id: RefundId,
    pub order_id: OrderId,
    pub amount: Money,
    pub status: OrderRefundStatus,
    /// For which items, where it was by line; each SKU once.
    pub items: Vec<RefundedItem>,
    /// Who asked for it: a user's identifier, or the name of a service.
    pub actor: String,
    pub created_at: Timestamp,
}

impl Refund {
    /// How many of a SKU are in refunds of some statuses.
    pub(super) fn quantity_of(
        refunds: &[Self],
        sku: &Sku,
        counts: impl Fn(OrderRefundStatus) -> bool,
    ) -> i64 {
        let counted = refunds.iter().filter(|refund| counts(refund.status));
        let items = counted.flat_map(|refund| &refund.items);
        items
            .filter(|item| item.sku == *sku)
            .map(|item| item.quantity.get())
            .sum()
    }

    /// What refunds come to that are done or under way.
    fn claimed(refunds: &[Self]) -> i64 {
        let counted = refunds.iter().filter(|refund| may_be_paid(refund.status));
        counted.map(|refund| refund.amount.amount_minor).sum()
    }
}

fn may_be_paid(status: OrderRefundStatus) -> bool {
    match status {
        OrderRefundStatus::Pending | OrderRefundStatus::Succeeded => true,
        OrderRefundStatus::Failed => false,
    }
}

/// What is to be paid back of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundRequest {
    /// Whatever is left.
    Rest,
    /// So much.
    Amount(Money),
    /// So many of these; each SKU once.
    Lines(Vec<RefundedItem>),
}

impl RefundRequest {
    pub(crate) fn check(request: &RefundOrder) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        if request.lines.is_some() && request.amount.is_some() {
            check.refuse("/amount", "must not be given with `lines`");
        }
        if let Some(amount) = request.amount.filter(|amount| amount.amount_minor <= 0) {
            check.refuse(
                "/amount/amount_minor",
                format!("must be more than 0, not {}", amount.amount_minor),
            );
        }
        let mut items: Vec<RefundedItem> = Vec::new();
        let lines = request.lines.as_deref().unwrap_or_default();
        if request.lines.is_some() && !(1..=MOST_LINES).contains(&lines.len()) {
            check.refuse("/lines", format!("must have 1 to {MOST_LINES} items"));
        }
        for (index, line) in lines.iter().enumerate() {
            if items.iter().any(|item| item.sku == line.sku) {
                check.refuse(format!("/lines/{index}/sku"), "must not be named twice");
            }
            items.push(RefundedItem {
                sku: line.sku.clone(),
                quantity: line.quantity,
            });
        }
        check.finish(|| match request.amount {
            Some(amount) => Some(Self::Amount(amount)),
            None if items.is_empty() => Some(Self::Rest),
            None => Some(Self::Lines(items)),
        })
    }

    /// The refund that this asks for: how much, and for which items. `refunds` are those that the order has, all of
    /// them; the caller holds the order, so that no other comes between.
    pub(crate) fn decide(
        &self,
        order: &Order,
        refunds: &[Refund],
    ) -> Result<(Money, Vec<RefundedItem>), OrdersRefusal> {
        match order.status {
            OrderStatus::Paid | OrderStatus::Shipped | OrderStatus::Delivered => {}
            status @ (OrderStatus::Pending
            | OrderStatus::Confirmed
            | OrderStatus::Rejected
            | OrderStatus::Cancelled
            | OrderStatus::Refunded) => return Err(OrdersRefusal::NotRefundable { status }),
        }
        if refunds.len() >= MOST_REFUNDS {
            return Err(OrdersRefusal::TooManyRefunds { most: MOST_REFUNDS });
        }
        // Less than nothing, where payments have paid something back by themselves that is claimed here: that claim
        // will fail.
        let left = Money {
            amount_minor: (order.total.amount_minor - Refund::claimed(refunds)).max(0),
            ..order.total
        };
        let (amount, items) = match self {
            Self::Rest => (left, left_items(order, refunds)),
            Self::Amount(amount) => (*amount, Vec::new()),
            Self::Lines(items) => (worth(order, refunds, items)?, items.clone()),
        };
        let is_too_large = amount.amount_minor > left.amount_minor || left.amount_minor == 0;
        if is_too_large || amount.currency != left.currency {
            return Err(OrdersRefusal::RefundTooLarge { left });
        }
        Ok((amount, items))
    }
}

fn left_of(order: &Order, refunds: &[Refund], sku: &Sku) -> i64 {
    let line = order.lines.iter().find(|line| line.sku == *sku);
    let ordered = line.map_or(0, |line| line.quantity.get());
    ordered - Refund::quantity_of(refunds, sku, may_be_paid)
}

fn left_items(order: &Order, refunds: &[Refund]) -> Vec<RefundedItem> {
    let item = |line: &super::OrderLine| {
        let quantity = Quantity::try_from(left_of(order, refunds, &line.sku)).ok()?;
        let sku = line.sku.clone();
        Some(RefundedItem { sku, quantity })
    };
    order.lines.iter().filter_map(item).collect()
}

fn worth(order: &Order, refunds: &[Refund], items: &[RefundedItem]) -> Result<Money, OrdersRefusal> {
    let mut sum = Money::zero(order.total.currency);
    for item in items {
        let line = order.lines.iter().find(|line| line.sku == item.sku);
        let line = line.ok_or_else(|| OrdersRefusal::UnknownSku {
            sku: item.sku.clone(),
        })?;
        let left = left_of(order, refunds, &item.sku);
        if item.quantity.get() > left {
            let sku = line.sku.clone();
            return Err(OrdersRefusal::RefundedTwice { sku, left });
        }
        let price = line.unit_price.checked_mul(item.quantity);
        sum = price
            .and_then(|price| sum.checked_add(price))
            .map_err(|_| OrdersRefusal::TotalTooLarge)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use kit_values::{Currency, Uuid};
    use orders_api::RefundLine;
    use proptest::prelude::*;

    use super::super::order::tests::order;
    use super::*;

    fn usd(amount_minor: i64) -> Money {
        Money {
            amount_minor,
            currency: Currency::USD,
        }
    }

    fn item(sku: &str, quantity: i64) -> RefundedItem {
        RefundedItem {
            sku: sku.parse().unwrap(),
            quantity: Quantity::try_from(quantity).unwrap(),
        }
    }

    fn refund((amount, items): (Money, Vec<RefundedItem>), status: OrderRefundStatus) -> Refund {
        Refund {
            id: Uuid::nil().into(),
            order_id: Uuid::nil().into(),
            amount,
            status,
            items,
            actor: String::new(),
            created_at: Timestamp::from_micros(0),
        }
    }

    fn paid() -> Order {
        Order {
            status: OrderStatus::Paid,
            ..order(&[("a", 2, 100), ("b", 1, 250)])
        }
    }

    #[test]
    fn what_is_left_can_be_refunded_and_no_more() {
        let order = paid();
        let mut refunds = Vec::new();
        let lines = RefundRequest::Lines(vec![item("A", 1)]);
        let first = lines.decide(&order, &refunds).unwrap();
        assert_eq!(first.0, usd(100));
        refunds.push(refund(first, OrderRefundStatus::Pending));
        let second = RefundRequest::Amount(usd(50)).decide(&order, &refunds).unwrap();
        refunds.push(refund(second, OrderRefundStatus::Succeeded));
        let refused = RefundRequest::Amount(usd(301)).decide(&order, &refunds);
        assert_eq!(refused, Err(OrdersRefusal::RefundTooLarge { left: usd(300) }));
        let rest = RefundRequest::Rest.decide(&order, &refunds).unwrap();
        assert_eq!(rest, (usd(300), vec![item("a", 1), item("b", 1)]));
        // What failed can be refunded anew.
        refunds[0].status = OrderRefundStatus::Failed;
        let rest = RefundRequest::Rest.decide(&order, &refunds).unwrap();
        assert_eq!(rest, (usd(400), vec![item("a", 2), item("b", 1)]));
        refunds.push(refund(rest, OrderRefundStatus::Pending));
        for request in [RefundRequest::Rest, RefundRequest::Amount(usd(1))] {
            let refused = request.decide(&order, &refunds);
            assert_eq!(refused, Err(OrdersRefusal::RefundTooLarge { left: usd(0) }));
        }
    }

    #[test]
    fn where_others_paid_back_what_is_claimed_nothing_is_left() {
        let order = paid();
        let refunds = [
            refund((usd(450), vec![]), OrderRefundStatus::Pending),
            refund((usd(1), vec![]), OrderRefundStatus::Succeeded),
        ];
        for request in [RefundRequest::Rest, RefundRequest::Amount(usd(1))] {
            let refused = request.decide(&order, &refunds);
            assert_eq!(refused, Err(OrdersRefusal::RefundTooLarge { left: usd(0) }));
        }
    }

    #[test]
    fn no_item_is_refunded_twice() {
        let order = paid();
        let refunds = [refund((usd(100), vec![item("a", 1)]), OrderRefundStatus::Pending)];
        let refused = RefundRequest::Lines(vec![item("a", 2)]).decide(&order, &refunds);
        let sku = "a".parse().unwrap();
        assert_eq!(refused, Err(OrdersRefusal::RefundedTwice { sku, left: 1 }));
        let refused = RefundRequest::Lines(vec![item("c", 1)]).decide(&order, &refunds);
        assert_eq!(
            refused,
            Err(OrdersRefusal::UnknownSku {
                sku: "c".parse().unwrap()
            })
        );
        let eur = Money {
            amount_minor: 1,
            currency: "EUR".parse().unwrap(),
        };
        assert!(RefundRequest::Amount(eur).decide(&order, &refunds).is_err());
    }

    #[test]
    fn only_what_was_paid_is_refunded() {
        for status in OrderStatus::ALL {
            let order = Order { status, ..paid() };
            let decided = RefundRequest::Rest.decide(&order, &[]);
            let is_paid = matches!(
                status,
                OrderStatus::Paid | OrderStatus::Shipped | OrderStatus::Delivered
            );
            assert_eq!(decided.is_ok(), is_paid, "{status}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let line = |sku: &str| RefundLine {
            sku: sku.parse().unwrap(),
            quantity: Quantity::ONE,
        };
        let errors = |lines, amount| {
            let errors = RefundRequest::check(&RefundOrder { lines, amount }).unwrap_err();
            errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert_eq!(errors(None, Some(usd(0))), ["/amount/amount_minor"]);
        assert_eq!(errors(Some(vec![]), None), ["/lines"]);
        assert_eq!(
            errors(Some(vec![line("a"), line("A")]), Some(usd(1))),
            ["/amount", "/lines/1/sku"]
        );
        assert_eq!(
            RefundRequest::check(&RefundOrder::default()),
            Ok(RefundRequest::Rest)
        );
    }

    proptest! {
        #[test]
        fn refunds_never_come_to_more_than_was_paid(asked in prop::collection::vec((0_i64..3, 1_i64..200, any::<bool>()), 1..20)) {
            let (order, mut refunds) = (paid(), Vec::new());
            for (kind, number, fails) in asked {
                let request = match kind {
                    0 => RefundRequest::Amount(usd(number)),
                    1 => RefundRequest::Lines(vec![item(if number % 2 == 0 { "a" } else { "b" }, number % 3 + 1)]),
                    _ => RefundRequest::Rest,
                };
                if let Ok(decided) = request.decide(&order, &refunds) {
                    let status = if fails { OrderRefundStatus::Failed } else { OrderRefundStatus::Pending };
                    refunds.push(refund(decided, status));
                }
                prop_assert!(Refund::claimed(&refunds) <= order.total.amount_minor);
                for line in &order.lines {
                    prop_assert!(left_of(&order, &refunds, &line.sku) >= 0);
                }
            }
        }
    }
}
