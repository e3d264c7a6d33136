//! What is known of each order, and what it adds to the statistics.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use orders_api::OrderId;
use serde::{Deserialize, Serialize};

use super::fact::{OrderChange, OrderFact, OrderStep};
use super::sums::{OrderMetric, OrderSums, OrderTotal};

/// What became of one order, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct CountedOrder(BTreeMap<i64, OrderStep>);

/// Counts facts of some orders, those that are known of before included; what the statistics change by. The orders
/// that any fact is of must all be there, and no others should be.
pub(crate) fn count_orders(
    orders: &mut BTreeMap<OrderId, CountedOrder>,
    facts: impl IntoIterator<Item = OrderFact>,
) -> OrderSums {
    let mut sums = OrderSums::default();
    for order in orders.values() {
        order.count(&mut sums, -1);
    }
    for fact in facts {
        let order = orders.entry(fact.order_id).or_default();
        if let Entry::Vacant(entry) = order.0.entry(fact.version) {
            entry.insert(fact.step);
            sums.events += 1;
        }
    }
    for order in orders.values() {
        order.count(&mut sums, 1);
    }
    sums.without_zeros()
}

impl CountedOrder {
    /// How many of its versions are known.
    pub(crate) fn events(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    /// Adds what it comes to, so many times.
    fn count(&self, sums: &mut OrderSums, times: i64) {
        let mut left = self.find(|change| match change {
            OrderChange::Paid(bill) => Some(bill.clone()),
            _ => None,
        });
        for step in self.0.values() {
            let (at, currency) = (step.at, step.currency);
            if let Some(metric) = step.change.metric() {
                sums.add_to_hour(metric, (at, currency), times);
            }
            match &step.change {
                OrderChange::Created => sums.add_to_total(OrderTotal::Placed, currency, times),
                OrderChange::Paid(bill) => {
                    sums.add_to_total(OrderTotal::PaidOrders, currency, times);
                    sums.add_paid(bill, (at, currency), times);
                }
                OrderChange::Cancelled => {
                    // All that is left goes now; what payments pay back for it afterwards is counted by this.
                    let back = left.take().unwrap_or_default();
                    sums.add_paid_back(&back, (at, currency), times);
                }
                OrderChange::Refunded(refund) => {
                    let back = left.as_mut().map(|left| left.take(refund)).unwrap_or_default();
                    sums.add_paid_back(&back, (at, currency), times);
                }
                OrderChange::Confirmed
                | OrderChange::Rejected
                | OrderChange::Shipped
                | OrderChange::Delivered => {}
            }
        }
        self.count_progress(sums, times);
    }

    /// Adds how it stands, and how far it came since it was placed.
    fn count_progress(&self, sums: &mut OrderSums, times: i64) {
        let mut latest_first = self.0.values().rev();
        if let Some((step, status)) = latest_first.find_map(|step| Some((step, step.change.status()?))) {
            sums.add_to_total(status, step.currency, times);
        }
        let is_created = |step: &&OrderStep| step.change == OrderChange::Created;
        let Some(created) = self.0.values().find(is_created) else {
            return;
        };
        let reached = (created.at, created.currency);
        let is_confirmed = |change: &OrderChange| (*change == OrderChange::Confirmed).then_some(());
        let is_paid = |change: &OrderChange| matches!(change, OrderChange::Paid(_)).then_some(());
        if self.find(is_confirmed).is_some() {
            sums.add_to_hour(OrderMetric::PlacedConfirmed, reached, times);
        }
        if self.find(is_paid).is_some() {
            sums.add_to_hour(OrderMetric::PlacedPaid, reached, times);
        }
    }

    fn find<T>(&self, look: impl Fn(&OrderChange) -> Option<T>) -> Option<T> {
        self.0.values().find_map(|step| look(&step.change))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kit_runtime::Timestamp;
    use kit_values::{Currency, Money, Uuid};
    use proptest::prelude::*;

    use super::super::bill::{Bill, BillLine, Refund};
    use super::super::sums::Sold;
    use super::*;
    use crate::domain::counts::HOUR;
    use crate::domain::span::{DAY, floor};

    const START: Timestamp = Timestamp::from_seconds(1_893_456_000);

    fn fact(order: u128, version: i64, change: OrderChange) -> OrderFact {
        let total = Money {
            amount_minor: 0,
            currency: Currency::USD,
        };
        let at = START.plus(HOUR * u32::try_from(version).unwrap());
        OrderFact::new((Uuid::from_u128(order).into(), version), total, at, change).unwrap()
    }

    fn bill(lines: &[(&str, i64, i64)]) -> Bill {
        let line = |(sku, quantity, price_minor): &(&str, i64, i64)| BillLine {
            sku: sku.parse().unwrap(),
            quantity: *quantity,
            price_minor: *price_minor,
        };
        Bill {
            amount_minor: lines.iter().map(|(_, quantity, price)| quantity * price).sum(),
            lines: lines.iter().map(line).collect(),
        }
    }

    fn refund(amount_minor: i64, units: &[(&str, i64)], is_whole: bool) -> OrderChange {
        let units = units.iter().map(|(sku, units)| (sku.parse().unwrap(), *units));
        OrderChange::Refunded(Refund {
            amount_minor,
            units: units.collect(),
            is_whole,
        })
    }

    fn count(facts: impl IntoIterator<Item = OrderFact>) -> OrderSums {
        count_orders(&mut BTreeMap::new(), facts)
    }

    fn total(sums: &OrderSums, total: OrderTotal) -> i64 {
        sums.totals.get(&(total, Currency::USD)).copied().unwrap_or(0)
    }

    fn revenue(sums: &OrderSums, version: u32) -> i64 {
        let hour = floor(START.plus(HOUR * version), HOUR);
        let key = (OrderMetric::Revenue, hour, Currency::USD);
        sums.hours.get(&key).copied().unwrap_or(0)
    }

    #[test]
    fn a_cancelled_order_takes_its_money_back_once_however_it_is_paid_back_afterwards() {
        let sums = count([
            fact(1, 1, OrderChange::Created),
            fact(1, 3, OrderChange::Paid(bill(&[("TEA", 2, 500)]))),
            fact(1, 4, refund(300, &[], false)),
            fact(1, 5, OrderChange::Cancelled),
            fact(1, 6, refund(700, &[], false)),
        ]);
        assert_eq!(
            [3, 4, 5, 6].map(|version| revenue(&sums, version)),
            [1_000, -300, -700, 0]
        );
        assert_eq!(total(&sums, OrderTotal::RefundedMinor), 1_000);
    }

    #[test]
    fn money_comes_when_it_is_paid_and_goes_when_it_is_paid_back() {
        let sums = count([
            fact(1, 1, OrderChange::Created),
            fact(1, 2, OrderChange::Confirmed),
            fact(1, 3, OrderChange::Paid(bill(&[("TEA", 3, 500), ("CUP", 1, 200)]))),
            fact(1, 4, refund(500, &[("tea", 1)], false)),
            fact(1, 5, refund(50, &[], false)),
            fact(1, 6, OrderChange::Cancelled),
        ]);
        let by_version = [3, 4, 5, 6].map(|version| revenue(&sums, version));
        assert_eq!(by_version, [1_700, -500, -50, -1_150]);
        assert_eq!(total(&sums, OrderTotal::PaidMinor), 1_700);
        assert_eq!(total(&sums, OrderTotal::RefundedMinor), 1_700);
        assert_eq!(
            (
                total(&sums, OrderTotal::Cancelled),
                total(&sums, OrderTotal::Paid)
            ),
            (1, 0)
        );
        assert!(sums.products.is_empty(), "all of one day");
    }

    #[test]
    fn without_its_payment_an_order_brings_in_nothing() {
        let (paid, back) = (
            fact(1, 3, OrderChange::Paid(bill(&[("TEA", 1, 500)]))),
            fact(1, 4, refund(500, &[], true)),
        );
        let mut orders = BTreeMap::new();
        let early = count_orders(&mut orders, [back]);
        assert_eq!(
            (revenue(&early, 4), total(&early, OrderTotal::RefundedMinor)),
            (0, 0)
        );
        assert_eq!(total(&early, OrderTotal::Refunded), 1, "that much is known");
        let sums = count_orders(&mut orders, [paid]);
        assert_eq!((revenue(&sums, 3), revenue(&sums, 4)), (500, -500));
        assert_eq!(total(&sums, OrderTotal::Refunded), 0, "it stays refunded");
    }

    #[test]
    fn no_more_of_a_product_comes_back_than_went() {
        let day_later = |mut fact: OrderFact| {
            fact.step.at = fact.step.at.plus(Duration::from_hours(24));
            fact
        };
        let sums = count([
            fact(1, 1, OrderChange::Paid(bill(&[("TEA", 2, 500)]))),
            day_later(fact(1, 2, refund(900, &[("TEA", 9), ("CUP", 1)], false))),
            day_later(fact(1, 3, refund(100, &[("TEA", 1)], true))),
        ]);
        let key = (floor(START, DAY).plus(DAY), "TEA".to_owned(), Currency::USD);
        let taken = Sold {
            units: -2,
            revenue_minor: -1_000,
        };
        assert_eq!(sums.products[&key], taken);
        assert_eq!(sums.products.len(), 2);
    }

    #[test]
    fn a_version_is_counted_once_and_the_first_that_came_stays() {
        let mut orders = BTreeMap::new();
        let first = count_orders(&mut orders, [fact(1, 1, OrderChange::Created)]);
        assert_eq!(first.events, 1);
        let again = [
            fact(1, 1, OrderChange::Created),
            fact(1, 1, OrderChange::Cancelled),
        ];
        assert_eq!(count_orders(&mut orders, again), OrderSums::default());
    }

    fn changes() -> impl Strategy<Value = OrderChange> {
        prop_oneof![
            Just(OrderChange::Created),
            Just(OrderChange::Confirmed),
            Just(OrderChange::Rejected),
            (1_i64..5, 0_i64..500)
                .prop_map(|(units, price)| OrderChange::Paid(bill(&[("TEA", units, price)]))),
            Just(OrderChange::Cancelled),
            Just(OrderChange::Shipped),
            Just(OrderChange::Delivered),
            (0_i64..500, 1_i64..4, any::<bool>()).prop_map(|(amount, units, is_whole)| refund(
                amount,
                &[("TEA", units)],
                is_whole
            )),
        ]
    }

    fn add<K: Ord + Clone>(sums: &mut BTreeMap<K, i64>, other: &BTreeMap<K, i64>) {
        for (key, value) in other {
            *sums.entry(key.clone()).or_default() += value;
        }
        sums.retain(|_, value| *value != 0);
    }

    proptest! {
        /// Even of histories that no order has.
        #[test]
        fn it_does_not_matter_in_which_order_facts_come_and_how_they_are_split(
            histories in prop::collection::vec(prop::collection::vec(changes(), 1..7), 1..4),
            ranks in prop::collection::vec(any::<u64>(), 21),
            page in 1_usize..6,
        ) {
            let facts = histories.iter().zip(1_u128..).flat_map(|(changes, order)| {
                changes.iter().zip(1_i64..).map(move |(change, version)| fact(order, version, change.clone()))
            });
            let facts: Vec<_> = facts.collect();
            let whole = count(facts.clone());
            let mut shuffled: Vec<_> = ranks.into_iter().zip(facts.iter().chain(&facts).cloned()).collect();
            shuffled.sort_by_key(|(rank, _)| *rank);
            let shuffled: Vec<_> = shuffled.into_iter().map(|(_, fact)| fact).collect();
            let missing = facts.iter().filter(|fact| !shuffled.contains(fact)).cloned().collect::<Vec<_>>();
            let (mut orders, mut sums) = (BTreeMap::new(), OrderSums::default());
            for page in shuffled.chunks(page).chain([&missing[..]]) {
                // As much as is read of them: those of the page.
                let ids: Vec<_> = page.iter().map(|fact| fact.order_id).collect();
                let mut read = orders.extract_if(.., |id, _| ids.contains(id)).collect();
                let part = count_orders(&mut read, page.iter().cloned());
                orders.extend(read);
                sums.events += part.events;
                add(&mut sums.hours, &part.hours);
                add(&mut sums.totals, &part.totals);
                for (key, sold) in part.products {
                    let sum = sums.products.entry(key).or_default();
                    sum.units += sold.units;
                    sum.revenue_minor += sold.revenue_minor;
                }
            }
            prop_assert_eq!(sums.without_zeros(), whole);
        }
    }
}
