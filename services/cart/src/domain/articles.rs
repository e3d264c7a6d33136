//! What the catalog says of SKUs at this moment, and what a cart is worth by that.

use std::collections::HashMap;

use cart_api::{CartLineView, CartView};
use catalog_api::Item;
use kit_values::{Currency, Money, MoneyError, Sku};

use super::{StoredCart, StoredLine};

/// What the catalog says of SKUs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Articles(HashMap<Sku, Item>);

impl Articles {
    pub(crate) fn new(items: Vec<Item>) -> Self {
        Self(items.into_iter().map(|item| (item.sku.clone(), item)).collect())
    }

    /// Adds what was asked later.
    pub(crate) fn add(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// What is known of a SKU, whether it is for sale or not.
    pub(crate) fn find(&self, sku: &Sku) -> Option<&Item> {
        self.0.get(sku)
    }

    /// A SKU that is for sale.
    pub(crate) fn find_offered(&self, sku: &Sku) -> Option<&Item> {
        self.find(sku).filter(|item| item.is_offered)
    }

    /// The cart as it is shown: at the prices of this moment. `currency` is that of a total of nothing.
    pub(crate) fn price(&self, cart: &StoredCart, currency: Currency) -> Result<CartView, MoneyError> {
        let currency = cart.currency(self).unwrap_or(currency);
        let lines = cart.lines.iter().map(|line| self.price_line(line, currency));
        let items = lines.collect::<Result<Vec<_>, _>>()?;
        // What cannot be bought costs nothing: the total is what an order of the rest would.
        let counted = items.iter().filter(|line| line.available);
        let total = counted
            .map(|line| line.line_total)
            .try_fold(Money::zero(currency), Money::checked_add)?;
        Ok(CartView {
            items,
            total,
            guest_token: None,
        })
    }

    fn price_line(&self, line: &StoredLine, currency: Currency) -> Result<CartLineView, MoneyError> {
        let item = self.find(&line.sku);
        let unit_price = item.map_or(line.price, |item| item.price);
        let can_be_bought = |item: &Item| {
            item.is_offered && item.available >= line.quantity.get() && item.price.currency == currency
        };
        Ok(CartLineView {
            sku: item.map_or(&line.sku, |item| &item.sku).clone(),
            product_id: item.map_or(line.product_id, |item| item.product_id),
            name: item.map_or(&line.name, |item| &item.name).clone(),
            image_url: item.and_then(|item| item.image_url.clone()),
            quantity: line.quantity,
            unit_price,
            line_total: unit_price.checked_mul(line.quantity)?,
            price_changed: unit_price != line.price,
            available: item.is_some_and(can_be_bought),
        })
    }
}
