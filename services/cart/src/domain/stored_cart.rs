//! A cart, and what can be done with it.

use cart_api::{CartContents, CartItem, CartRefusal, MOST_LINES};
use catalog_api::{Item, ProductId};
use kit_values::{Currency, Money, Quantity, Sku};

use super::Articles;

/// A cart as it is stored. One that there is not is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredCart {
    /// Grows with each change; 0 before the first.
    pub version: i64,
    /// In the order in which they came, each SKU once.
    pub lines: Vec<StoredLine>,
}

/// A line as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredLine {
    pub sku: Sku,
    pub product_id: ProductId,
    pub name: String,
    pub quantity: Quantity,
    /// The price of one when its owner put it in or last changed it.
    pub price: Money,
    /// The cart's version with which it came.
    pub added_version: i64,
}

impl StoredCart {
    pub(crate) fn find(&self, sku: &Sku) -> Option<&StoredLine> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    pub(crate) fn skus(&self) -> impl Iterator<Item = Sku> + '_ {
        self.lines.iter().map(|line| line.sku.clone())
    }

    /// What the cart is sold in: what the first line that is for sale costs now, or the first one cost then. None where
    /// there is nothing.
    pub(crate) fn currency(&self, articles: &Articles) -> Option<Currency> {
        currency_of(self.lines.iter(), articles)
    }

    /// Puts something in, or more of it.
    pub(crate) fn add(&mut self, sku: &Sku, more: Quantity, articles: &Articles) -> Result<(), CartRefusal> {
        let has = self.find(sku).map_or(0, |line| line.quantity.get());
        let sum = Quantity::try_from(has + more.get());
        let sum = sum.map_err(|_| CartRefusal::QuantityLimitExceeded {
            sku: sku.clone(),
            most: Quantity::MAX.get(),
        });
        let item = offered(sku, articles)?;
        self.put(item, sum?, articles)
    }

    /// Says how many there are to be of a line that there is.
    pub(crate) fn set(
        &mut self,
        sku: &Sku,
        quantity: Quantity,
        articles: &Articles,
    ) -> Result<(), CartRefusal> {
        self.put(offered(sku, articles)?, quantity, articles)
    }

    fn put(&mut self, item: &Item, quantity: Quantity, articles: &Articles) -> Result<(), CartRefusal> {
        if quantity.get() > item.available {
            return Err(CartRefusal::NotEnoughStock {
                sku: item.sku.clone(),
                available: item.available,
            });
        }
        let others = self.lines.iter().filter(|line| line.sku != item.sku);
        if let Some(cart) = currency_of(others, articles).filter(|cart| *cart != item.price.currency) {
            return Err(CartRefusal::MixedCurrencies {
                cart,
                other: item.price.currency,
            });
        }
        let line = StoredLine {
            sku: item.sku.clone(),
            product_id: item.product_id,
            name: item.name.clone(),
            quantity,
            price: item.price,
            added_version: self.version + 1,
        };
        if let Some(known) = self.lines.iter_mut().find(|line| line.sku == item.sku) {
            let added_version = known.added_version;
            *known = StoredLine {
                added_version,
                ..line
            };
        } else if self.lines.len() < MOST_LINES {
            self.lines.push(line);
        } else {
            return Err(CartRefusal::full());
        }
        self.version += 1;
        Ok(())
    }

    /// Takes a line out; whether there was one.
    pub(crate) fn remove(&mut self, sku: &Sku) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| line.sku != *sku);
        let was_there = self.lines.len() < before;
        self.version += i64::from(was_there);
        was_there
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        self.version += i64::from(!self.lines.is_empty());
        self.lines.clear();
    }

    /// Puts in what a guest had: all of it, or nothing where that cannot be.
    ///
    /// Where both have a SKU the quantities add up, as far as a line may go and as there is stock; but never to less
    /// than either had, since nobody has taken anything out. What cannot be bought comes too, and is shown so.
    pub(crate) fn merge(&mut self, guest: Self, articles: &Articles) -> Result<(), CartRefusal> {
        if let (Some(cart), Some(other)) = (self.currency(articles), guest.currency(articles))
            && cart != other
        {
            return Err(CartRefusal::MixedCurrencies { cart, other });
        }
        let version = self.version + 1;
        for line in guest.lines {
            match self.lines.iter_mut().find(|own| own.sku == line.sku) {
                Some(own) => {
                    let sum = Quantity::clamped(own.quantity.get() + line.quantity.get());
                    // One that was put in since the catalog was asked is not cut; the page shows what there is.
                    let stock = articles.find(&line.sku).map_or(i64::MAX, |item| item.available);
                    let most = Quantity::clamped(stock).max(own.quantity).max(line.quantity);
                    own.quantity = sum.min(most);
                }
                None => self.lines.push(StoredLine {
                    added_version: version,
                    ..line
                }),
            }
        }
        if self.lines.len() > MOST_LINES {
            return Err(CartRefusal::full());
        }
        self.version = version;
        Ok(())
    }
}

fn offered<'a>(sku: &Sku, articles: &'a Articles) -> Result<&'a Item, CartRefusal> {
    let unknown = || CartRefusal::UnknownSku { sku: sku.clone() };
    articles.find_offered(sku).ok_or_else(unknown)
}

fn currency_of<'a>(lines: impl Iterator<Item = &'a StoredLine>, articles: &Articles) -> Option<Currency> {
    let mut first = None;
    for line in lines {
        if let Some(item) = articles.find_offered(&line.sku) {
            return Some(item.price.currency);
        }
        first = first.or(Some(line.price.currency));
    }
    first
}

impl From<StoredCart> for CartContents {
    fn from(cart: StoredCart) -> Self {
        let item = |line: StoredLine| CartItem {
            sku: line.sku,
            quantity: line.quantity,
        };
        Self {
            items: cart.lines.into_iter().map(item).collect(),
            version: cart.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;
    use proptest::prelude::*;

    use super::*;

    /// Three SKUs, of which there are 5, 500 and 5000.
    const SKUS: [(&str, i64); 3] = [("few", 5), ("some", 500), ("many", 5000)];

    fn sku(text: &str) -> Sku {
        text.parse().unwrap()
    }

    fn item(text: &str, available: i64, currency: &str) -> Item {
        Item {
            sku: sku(text),
            product_id: Uuid::nil().into(),
            slug: "mug".parse().unwrap(),
            name: "Mug".to_owned(),
            options: std::collections::BTreeMap::new(),
            image_url: None,
            price: Money {
                amount_minor: 100,
                currency: currency.parse().unwrap(),
            },
            available,
            is_offered: true,
        }
    }

    fn articles() -> Articles {
        Articles::new(
            SKUS.iter()
                .map(|(sku, available)| item(sku, *available, "USD"))
                .collect(),
        )
    }

    fn cart(lines: &[(&str, i64)]) -> StoredCart {
        let mut cart = StoredCart::default();
        for (text, quantity) in lines {
            cart.add(&sku(text), Quantity::clamped(*quantity), &articles())
                .unwrap();
        }
        cart
    }

    fn listed(cart: &StoredCart) -> Vec<(&str, i64)> {
        let lines = cart.lines.iter();
        lines
            .map(|line| (line.sku.as_str(), line.quantity.get()))
            .collect()
    }

    #[test]
    fn a_refusal_leaves_the_cart_as_it_was() {
        let before = cart(&[("few", 4), ("many", 998)]);
        let mut after = before.clone();
        let two = Quantity::clamped(2);
        assert!(matches!(
            after.add(&sku("few"), two, &articles()),
            Err(CartRefusal::NotEnoughStock { available: 5, .. })
        ));
        assert!(matches!(
            after.add(&sku("many"), two, &articles()),
            Err(CartRefusal::QuantityLimitExceeded { most: 999, .. })
        ));
        assert!(matches!(
            after.add(&sku("none"), two, &articles()),
            Err(CartRefusal::UnknownSku { .. })
        ));
        let euros = Articles::new(vec![item("tasse", 9, "EUR")]);
        assert!(matches!(
            after.add(&sku("tasse"), two, &euros),
            Err(CartRefusal::MixedCurrencies { .. })
        ));
        assert_eq!(after, before);
    }

    #[test]
    fn merging_never_takes_anything_away() {
        let mut own = cart(&[("few", 3), ("some", 400)]);
        own.merge(cart(&[("few", 4), ("some", 50), ("many", 1)]), &articles())
            .unwrap();
        assert_eq!(listed(&own), [("few", 5), ("some", 450), ("many", 1)]);
        let sold_out = Articles::new(vec![item("few", 0, "USD")]);
        own.merge(cart(&[("few", 2)]), &sold_out).unwrap();
        assert_eq!(listed(&own)[0], ("few", 5));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add(&'static str, i64),
        Set(&'static str, i64),
        Remove(&'static str),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        let skus = || prop::sample::select(SKUS.map(|(sku, _)| sku).to_vec());
        prop_oneof![
            4 => (skus(), 1_i64..600).prop_map(|(sku, quantity)| Step::Add(sku, quantity)),
            2 => (skus(), 1_i64..600).prop_map(|(sku, quantity)| Step::Set(sku, quantity)),
            2 => skus().prop_map(Step::Remove),
            1 => Just(Step::Clear),
        ]
    }

    fn apply(cart: &mut StoredCart, step: &Step) {
        // A refusal is as good as a change here: what always holds, holds after both.
        let _ = match step {
            Step::Add(text, quantity) => cart.add(&sku(text), Quantity::clamped(*quantity), &articles()),
            Step::Set(text, quantity) => cart.set(&sku(text), Quantity::clamped(*quantity), &articles()),
            Step::Remove(text) => {
                cart.remove(&sku(text));
                Ok(())
            }
            Step::Clear => {
                cart.clear();
                Ok(())
            }
        };
    }

    proptest! {
        #[test]
        fn whatever_is_done_a_cart_is_in_order(steps in prop::collection::vec(step(), 0..40)) {
            let mut cart = StoredCart::default();
            for step in &steps {
                let before = cart.clone();
                apply(&mut cart, step);
                let grown = i64::from(cart.lines != before.lines);
                // Setting what is there already is a change too: its owner has seen the price.
                prop_assert!(cart.version - before.version >= grown && cart.version - before.version <= 1);
                for (text, available) in SKUS {
                    let same: Vec<_> = cart.lines.iter().filter(|line| line.sku == sku(text)).collect();
                    prop_assert!(same.len() <= 1);
                    prop_assert!(same.iter().all(|line| line.quantity.get() <= available.min(999)));
                    prop_assert!(same.iter().all(|line| (1..=cart.version).contains(&line.added_version)));
                }
            }
        }

        #[test]
        fn an_order_takes_what_was_ordered_and_nothing_that_came_later(
            before in prop::collection::vec(step(), 0..15),
            later in prop::collection::vec(step(), 0..15),
        ) {
            let mut cart = StoredCart::default();
            for step in &before {
                apply(&mut cart, step);
            }
            let ordered = CartContents::from(cart.clone());
            let mut cleared = cart.clone();
            cleared.take_ordered(ordered.version, &ordered.items);
            prop_assert!(cleared.lines.is_empty(), "at once, everything goes");
            for step in &later {
                apply(&mut cart, step);
            }
            let mut left = cart.clone();
            left.take_ordered(ordered.version, &ordered.items);
            for line in &cart.lines {
                let was = ordered.items.iter().find(|item| item.sku == line.sku);
                let expected = match was {
                    Some(item) if line.added_version <= ordered.version => line.quantity.get() - item.quantity.get(),
                    _ => line.quantity.get(),
                };
                let rest = left.find(&line.sku).map_or(0, |line| line.quantity.get());
                prop_assert_eq!(rest, expected.max(0));
            }
        }
    }
}
