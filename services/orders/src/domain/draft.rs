//! What somebody wants to order, before it is an order.

use std::collections::{BTreeMap, HashMap};

use catalog_api::Item;
use kit_http::{Check, FieldError};
use kit_values::{Money, Quantity, Sku};
use orders_api::{MOST_LINES, OrdersRefusal, PlacedLine};

use super::OrderLine;

/// What is ordered, added up: each SKU once, by SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderLines(BTreeMap<Sku, Quantity>);

impl OrderLines {
    /// At least one line, and at most [`MOST_LINES`]. Two of the same SKU are one of both quantities, which is bounded
    /// like that of one.
    pub(crate) fn check(lines: &[PlacedLine]) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        if !(1..=MOST_LINES).contains(&lines.len()) {
            check.refuse("/items", format!("must have 1 to {MOST_LINES} items"));
        }
        let mut sums: BTreeMap<Sku, Quantity> = BTreeMap::new();
        for (index, line) in lines.iter().enumerate() {
            let before = sums.get(&line.sku).map_or(0, |sum| sum.get());
            let sum = Quantity::try_from(before + line.quantity.get());
            if let Some(sum) = check.field(format!("/items/{index}/quantity"), sum) {
                sums.insert(line.sku.clone(), sum);
            }
        }
        check.finish(|| Some(Self(sums)))
    }

    pub(crate) fn skus(&self) -> Vec<Sku> {
        self.0.keys().cloned().collect()
    }

    /// The order at the catalog's names and prices of this moment.
    pub(crate) fn price(&self, items: &[Item]) -> Result<OrderDraft, OrdersRefusal> {
        let by_sku: HashMap<&Sku, &Item> = items.iter().map(|item| (&item.sku, item)).collect();
        let mut lines = Vec::new();
        let mut total: Option<Money> = None;
        for (sku, quantity) in &self.0 {
            let found = by_sku.get(sku).filter(|item| item.is_offered);
            let item = found.ok_or_else(|| OrdersRefusal::UnknownSku { sku: sku.clone() })?;
            let line = OrderLine {
                sku: item.sku.clone(),
                name: item.name.clone(),
                quantity: *quantity,
                unit_price: item.price,
            };
            let mut sum = line.total().ok_or(OrdersRefusal::TotalTooLarge)?;
            if let Some(before) = total {
                if before.currency != sum.currency {
                    return Err(OrdersRefusal::MixedCurrencies);
                }
                sum = before
                    .checked_add(sum)
                    .map_err(|_| OrdersRefusal::TotalTooLarge)?;
            }
            total = Some(sum);
            lines.push(line);
        }
        // There is one line at least.
        let total = total.ok_or(OrdersRefusal::CartEmpty)?;
        Ok(OrderDraft { lines, total })
    }
}

/// What is ordered, at its prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderDraft {
    pub lines: Vec<OrderLine>,
    pub total: Money,
}

#[cfg(test)]
mod tests {
    use kit_values::{Currency, Uuid};
    use proptest::prelude::*;

    use super::*;

    fn line(sku: &str, quantity: i64) -> PlacedLine {
        PlacedLine {
            sku: sku.parse().unwrap(),
            quantity: Quantity::try_from(quantity).unwrap(),
        }
    }

    fn item(sku: &str, amount_minor: i64, currency: Currency) -> Item {
        Item {
            sku: sku.parse().unwrap(),
            product_id: Uuid::nil().into(),
            slug: "mug".parse().unwrap(),
            name: format!("A {sku}"),
            options: BTreeMap::new(),
            image_url: None,
            price: Money {
                amount_minor,
                currency,
            },
            available: 0,
            is_offered: true,
        }
    }

    fn lines(all: &[(&str, i64)]) -> OrderLines {
        let all: Vec<_> = all.iter().map(|(sku, quantity)| line(sku, *quantity)).collect();
        OrderLines::check(&all).unwrap()
    }

    #[test]
    fn lines_of_one_sku_are_added_up_and_bounded_together() {
        let draft = lines(&[("b", 2), ("A", 1), ("B", 3)]);
        let priced = draft
            .price(&[item("a", 10, Currency::USD), item("b", 7, Currency::USD)])
            .unwrap();
        let seen: Vec<_> = priced
            .lines
            .iter()
            .map(|line| (line.sku.as_str(), line.quantity.get()))
            .collect();
        assert_eq!(seen, [("a", 1), ("b", 5)], "as the catalog writes them");
        assert_eq!(priced.total.amount_minor, 45);
        let errors = OrderLines::check(&[line("a", 999), line("b", 1), line("A", 1)]).unwrap_err();
        assert_eq!(
            errors.iter().map(|error| &*error.pointer).collect::<Vec<_>>(),
            ["/items/2/quantity"]
        );
        for count in [0, MOST_LINES + 1] {
            assert!(OrderLines::check(&vec![line("a", 1); count]).is_err());
        }
    }

    #[test]
    fn what_is_not_sold_cannot_be_ordered() {
        let mut old = item("a", 10, Currency::USD);
        old.is_offered = false;
        for found in [vec![], vec![old]] {
            let refused = lines(&[("a", 1)]).price(&found);
            assert_eq!(
                refused,
                Err(OrdersRefusal::UnknownSku {
                    sku: "a".parse().unwrap()
                })
            );
        }
    }

    #[test]
    fn an_order_is_of_one_currency_and_of_a_sum_that_can_be_counted() {
        let eur = "EUR".parse().unwrap();
        let refused = lines(&[("a", 1), ("b", 1)]).price(&[item("a", 1, Currency::USD), item("b", 1, eur)]);
        assert_eq!(refused, Err(OrdersRefusal::MixedCurrencies));
        let most = i64::MAX / 2 + 1;
        for ordered in [&[("a", 2)][..], &[("a", 1), ("b", 1)]] {
            let refused =
                lines(ordered).price(&[item("a", most, Currency::USD), item("b", most, Currency::USD)]);
            assert_eq!(refused, Err(OrdersRefusal::TotalTooLarge));
        }
    }

    proptest! {
        #[test]
        fn a_total_is_the_sum_of_its_lines(ordered in prop::collection::vec((0_usize..5, 1_i64..50), 1..30)) {
            let skus = ["a", "b", "c", "d", "e"];
            let placed: Vec<_> = ordered.iter().map(|(sku, quantity)| line(skus[*sku], *quantity)).collect();
            let items: Vec<_> = (1..).zip(skus).map(|(price, sku)| item(sku, price, Currency::USD)).collect();
            if let Ok(lines) = OrderLines::check(&placed) {
                let draft = lines.price(&items).unwrap();
                let expected: i64 = (1..).zip(0..5).map(|(price, sku)| {
                    price * ordered.iter().filter(|line| line.0 == sku).map(|line| line.1).sum::<i64>()
                }).sum();
                prop_assert_eq!(draft.total.amount_minor, expected);
            }
        }
    }
}
