//! Makes the history: goods first, then people who come, look, buy, change their minds and get their parcels.

use std::collections::BTreeMap;
use std::time::Duration;

use super::visits::visits;
use super::{Act, Card, MONTH, PlannedOrder, RefundPart, Step, Stock, TIME_TO_PAY};
use crate::customers::CUSTOMERS;
use crate::goods::{Arrival, Goods};
use crate::random::Random;

const SEED: u64 = 0x0057_0a5e_ed00;

const DAYS: u32 = 30;
/// The day on which the late goods come.
const LATE_DAY: u32 = 22;
/// How many of each SKU are left at least by those who buy.
const LEFT: u64 = 3;

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

const NOTES: [&str; 4] = [
    "Please ring twice.",
    "It is a present: no invoice in the parcel, please.",
    "Leave it with the neighbours on the second floor.",
    "Thank you for the quick answer on the telephone!",
];

const DEBTS: [&str; 5] = [
    "Evening at the wheel",
    "Repair of a handle",
    "Gift voucher",
    "Engraving",
    "Hire of plates for a party",
];

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Delivered,
    /// The first card is declined.
    DeclinedFirst,
    Rejected,
    Unpaid,
    Cancelled,
    CancelledPaid,
    Refunded,
    RefundedLine,
    RefundedAmount,
}

impl Course {
    /// Of the order of this number: each kind comes again and again.
    const fn of(order: usize) -> Self {
        match order % 24 {
            3 => Self::Rejected,
            6 => Self::Cancelled,
            9 => Self::DeclinedFirst,
            11 => Self::CancelledPaid,
            14 => Self::Refunded,
            17 => Self::RefundedLine,
            20 => Self::RefundedAmount,
            22 => Self::Unpaid,
            _ => Self::Delivered,
        }
    }
}

/// A month, whose end is the present.
pub(crate) fn month(goods: &Goods) -> Vec<Step> {
    let mut planner = Planner::new(goods);
    planner.open();
    planner.arrive(Arrival::First, 1);
    for customer in 0..CUSTOMERS.len() {
        let day = (customer as u64).saturating_sub(4) * 5 / 2;
        planner.at(day * DAY + 40 + customer as u64 * 3, Act::Register(customer));
    }
    for day in 0..DAYS {
        let morning = u64::from(day) * DAY;
        if day == LATE_DAY {
            planner.arrive(Arrival::Late, morning + 5);
        }
        if day == DAYS / 2 {
            planner.restock(morning + 10);
        }
        planner.customers = CUSTOMERS.len().min(5 + day as usize * 2 / 5);
        planner.day(day, morning);
    }
    planner.last_hours();
    let mut steps = planner.steps;
    steps.retain(|step| step.after < MONTH);
    steps.sort_by_key(|step| step.after);
    steps
}

/// Everything at once, for a shop whose clock is not ours.
pub(crate) fn today(goods: &Goods) -> Vec<Step> {
    let mut planner = Planner::new(goods);
    planner.at(0, Act::Categorise);
    planner.arrive(Arrival::First, 0);
    planner.arrive(Arrival::Late, 0);
    for customer in 0..CUSTOMERS.len() {
        planner.at(0, Act::Register(customer));
    }
    planner.customers = CUSTOMERS.len();
    planner.restock(0);
    for order in 0..30 {
        // As if they had come at different times: some are not paid yet, some not shipped, some not delivered.
        planner.order(0, Course::of(order), order % 5);
        if order % 3 == 0 {
            planner.spend(0);
        }
    }
    planner.settle(0, 0);
    planner.leave_carts(0);
    let skus = planner.skus();
    let visits = visits(&mut planner.random, &skus, 40);
    planner.at(0, Act::Visits(visits));
    let mut steps = planner.steps;
    // Nobody waits for what needs time.
    steps.retain(|step| !matches!(step.act, Act::Expire { .. }));
    for step in &mut steps {
        step.after = Duration::ZERO;
    }
    steps
}

struct Planner<'a> {
    goods: &'a Goods,
    random: Random,
    /// What can be bought by now.
    stock: BTreeMap<&'a str, u64>,
    /// How many of the customers have an account by now.
    customers: usize,
    orders: usize,
    steps: Vec<Step>,
}

impl<'a> Planner<'a> {
    fn new(goods: &'a Goods) -> Self {
        Self {
            goods,
            random: Random::new(SEED),
            stock: BTreeMap::new(),
            customers: 0,
            orders: 0,
            steps: Vec::new(),
        }
    }

    /// Something that happens within this minute; at the very beginning, in the order in which it is planned.
    fn at(&mut self, minute: u64, act: Act) {
        let second = if minute == 0 {
            0
        } else {
            self.random.between(0, 59)
        };
        self.steps.push(Step {
            after: Duration::from_secs(minute * 60 + second),
            act,
        });
    }

    fn open(&mut self) {
        self.at(0, Act::Hire);
        self.at(0, Act::Categorise);
    }

    fn arrive(&mut self, arrival: Arrival, minute: u64) {
        self.at(minute, Act::Import(arrival));
        let goods = self.goods;
        let variants = goods.of(arrival).flat_map(|product| &product.variants);
        self.stock
            .extend(variants.map(|(sku, on_hand)| (sku.as_str(), *on_hand)));
    }

    /// What there is least of comes again.
    fn restock(&mut self, minute: u64) {
        let mut scarce: Vec<(u64, &str)> = self
            .stock
            .iter()
            .filter(|(_, left)| **left > 0)
            .map(|(sku, left)| (*left, *sku))
            .collect();
        scarce.sort_unstable();
        for (_, sku) in scarce.into_iter().take(5) {
            *self.stock.entry(sku).or_default() += 12;
            self.at(
                minute,
                Act::Restock {
                    sku: sku.to_owned(),
                    delta: 12,
                },
            );
        }
    }

    fn day(&mut self, day: u32, morning: u64) {
        // A shop that is found by more and more, and quiet on two days of seven.
        let busy = u64::from(3 + day / 9 - u32::from(day % 7 >= 5));
        for _ in 0..busy + self.random.between(0, 2) {
            let minute = morning + self.random.between(2 * HOUR, 22 * HOUR);
            self.order(minute, Course::of(self.orders), 4);
        }
        if day.is_multiple_of(2) {
            let minute = morning + self.random.between(2 * HOUR, 12 * HOUR);
            self.spend(minute);
        }
        if day % 6 == 5 {
            self.settle(day as usize / 6, morning + 23 * HOUR);
        }
        let skus = self.skus();
        let count = u64::from(8 + day / 4) + self.random.between(0, 5);
        let visits = visits(&mut self.random, &skus, count);
        self.at(morning + 23 * HOUR + 50, Act::Visits(visits));
    }

    /// What is under way at the end: some orders wait for their payment, some for their parcel.
    fn last_hours(&mut self) {
        let end = u64::from(DAYS) * DAY;
        for (before, course) in [
            (170, Course::Delivered),
            (140, Course::Unpaid),
            (90, Course::Delivered),
            (55, Course::Unpaid),
            (25, Course::Unpaid),
        ] {
            self.order(end - before, course, 4);
        }
        self.leave_carts(end - 12);
    }

    fn leave_carts(&mut self, minute: u64) {
        for customer in [0, 4] {
            let lines = self.lines(2);
            self.at(minute, Act::FillCart { customer, lines });
        }
    }

    fn spend(&mut self, minute: u64) {
        let customer = self.customer();
        let cents = self.random.between(12, 96) * 50;
        let what = self.random.pick(&DEBTS).copied().unwrap_or_default();
        self.at(
            minute,
            Act::Spend {
                customer,
                cents,
                what,
            },
        );
    }

    fn settle(&mut self, customer: usize, minute: u64) {
        self.at(minute, Act::Settle { customer });
    }

    fn skus(&self) -> Vec<&'a str> {
        self.stock.keys().copied().collect()
    }

    /// Somebody who has an account by now.
    fn customer(&mut self) -> usize {
        let last = self.customers.saturating_sub(1) as u64;
        usize::try_from(self.random.between(0, last)).unwrap_or_default()
    }

    /// Different goods, of which enough is there.
    fn lines(&mut self, most: u64) -> Vec<(String, u64)> {
        let mut lines: Vec<(String, u64)> = Vec::new();
        for _ in 0..most {
            let quantity = if self.random.between(1, 6) == 6 { 2 } else { 1 };
            let enough: Vec<&str> = self
                .stock
                .iter()
                .filter(|(sku, left)| {
                    **left >= LEFT + quantity && lines.iter().all(|(other, _)| other != **sku)
                })
                .map(|(sku, _)| *sku)
                .collect();
            if let Some(sku) = self.random.pick(&enough) {
                *self.stock.entry(sku).or_default() -= quantity;
                lines.push(((*sku).to_owned(), quantity));
            }
        }
        lines
    }

    /// An order and what becomes of it, no further than so many stages: paid, shipped, delivered, refunded.
    fn order(&mut self, minute: u64, course: Course, stages: usize) {
        let (order, customer) = (self.orders, self.customer());
        self.orders += 1;
        let count = match course {
            Course::RefundedLine => 3,
            _ => self.random.between(1, 3),
        };
        let mut lines = self.lines(count);
        let sold_out = self.stock.iter().find(|(_, left)| **left == 0);
        if let (Course::Rejected, Some((sku, _))) = (course, sold_out) {
            lines.push(((*sku).to_owned(), 1));
        }
        let first = lines.first().map(|(sku, _)| sku.clone()).unwrap_or_default();
        let note = (order % 9 == 4)
            .then(|| self.random.pick(&NOTES).copied())
            .flatten();
        let stock = if course == Course::Rejected {
            Stock::Short
        } else {
            Stock::Enough
        };
        self.at(
            minute,
            Act::Order(PlannedOrder {
                order,
                customer,
                lines,
                note,
                stock,
            }),
        );
        let paid = minute + self.random.between(2, 20);
        match course {
            Course::Rejected => {}
            Course::Unpaid => {
                let over = minute + TIME_TO_PAY.as_secs() / 60 + 30;
                self.at(over, Act::Expire { order });
            }
            Course::Cancelled => self.at(paid, Act::Cancel { order }),
            Course::CancelledPaid => {
                self.pay(order, paid);
                self.at(paid + 45, Act::Cancel { order });
            }
            Course::DeclinedFirst => {
                self.at(
                    paid,
                    Act::Pay {
                        order,
                        card: Card::Declined,
                    },
                );
                self.fulfil(order, paid + 3, (stages, None));
            }
            Course::Delivered => self.fulfil(order, paid, (stages, None)),
            Course::Refunded => self.fulfil(order, paid, (stages.max(4), Some(RefundPart::Whole))),
            Course::RefundedLine => {
                self.fulfil(order, paid, (stages.max(4), Some(RefundPart::Line(first))));
            }
            Course::RefundedAmount => {
                self.fulfil(order, paid, (stages.max(4), Some(RefundPart::Amount(500))));
            }
        }
    }

    fn pay(&mut self, order: usize, minute: u64) {
        self.at(
            minute,
            Act::Pay {
                order,
                card: Card::Good,
            },
        );
    }

    fn fulfil(&mut self, order: usize, paid: u64, (stages, refund): (usize, Option<RefundPart>)) {
        let shipped = paid + self.random.between(5 * HOUR, 30 * HOUR);
        let delivered = shipped + self.random.between(20 * HOUR, 70 * HOUR);
        let refunded = delivered + self.random.between(12 * HOUR, 60 * HOUR);
        let moments = [paid, shipped, delivered, refunded];
        for (stage, minute) in moments.into_iter().take(stages).enumerate() {
            match (stage, &refund) {
                (0, _) => self.pay(order, minute),
                (1, _) => self.at(minute, Act::Ship { order }),
                (2, _) => self.at(minute, Act::Deliver { order }),
                (_, Some(part)) => self.at(
                    minute,
                    Act::Refund {
                        order,
                        part: part.clone(),
                    },
                ),
                (_, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_the_same_each_time_and_in_order() {
        let goods = Goods::read().unwrap();
        let steps = month(&goods);
        assert_eq!(steps, month(&goods));
        assert!(steps.is_sorted_by_key(|step| step.after));
        assert!(steps.iter().all(|step| step.after < MONTH));
        let orders = steps.iter().filter(|step| matches!(step.act, Act::Order(_)));
        assert!((100..250).contains(&orders.count()));
    }

    #[test]
    fn whoever_buys_has_an_account_and_what_is_bought_has_come() {
        let goods = Goods::read().unwrap();
        for steps in [month(&goods), today(&goods)] {
            let (mut customers, mut orders, mut skus) = (Vec::new(), Vec::new(), Vec::new());
            for step in &steps {
                match &step.act {
                    Act::Register(customer) => customers.push(*customer),
                    Act::Import(arrival) => {
                        let variants = goods.of(*arrival).flat_map(|product| &product.variants);
                        skus.extend(variants.map(|(sku, _)| sku.clone()));
                    }
                    Act::Order(planned) => {
                        assert!(customers.contains(&planned.customer), "{planned:?}");
                        assert!(planned.lines.iter().all(|(sku, _)| skus.contains(sku)));
                        assert!(!planned.lines.is_empty());
                        orders.push(planned.order);
                    }
                    Act::Pay { order, .. }
                    | Act::Ship { order }
                    | Act::Deliver { order }
                    | Act::Cancel { order }
                    | Act::Refund { order, .. }
                    | Act::Expire { order } => assert!(orders.contains(order)),
                    Act::Spend { customer, .. }
                    | Act::Settle { customer }
                    | Act::FillCart { customer, .. } => assert!(customers.contains(customer)),
                    Act::Hire | Act::Categorise | Act::Visits(_) | Act::Restock { .. } => {}
                }
            }
        }
    }
}
