//! What an order takes out of the cart that it was made of.

use std::collections::BTreeMap;

use cart_api::CartItem;
use kit_values::{Quantity, Sku};

use super::{StoredCart, StoredLine};

impl StoredCart {
    /// Takes out what was ordered of the cart as it was at `version`.
    ///
    /// A line that came later stays, also of a SKU that was ordered: its owner took the ordered one out and put it in
    /// anew. Of one that was there, the ordered quantity goes: what was added to it stays, and it is gone where its
    /// owner has made it less.
    pub(crate) fn take_ordered(&mut self, version: i64, ordered: &[CartItem]) {
        let mut quantities: BTreeMap<&Sku, i64> = BTreeMap::new();
        for item in ordered {
            *quantities.entry(&item.sku).or_default() += item.quantity.get();
        }
        let rest = |line: StoredLine| {
            let taken = quantities
                .get(&line.sku)
                .filter(|_| line.added_version <= version);
            let left = line.quantity.get() - taken.copied().unwrap_or(0);
            (left > 0).then(|| StoredLine {
                quantity: Quantity::clamped(left),
                ..line
            })
        };
        let before = self.lines.clone();
        self.lines = before.iter().cloned().filter_map(rest).collect();
        self.version += i64::from(self.lines != before);
    }
}
