//! What a product is sold as.

use std::collections::{BTreeMap, BTreeSet};

use catalog_api::{OptionName, OptionValue, ProductId, VariantInput, VariantView};
use kit_http::Check;
use kit_values::{Money, Sku};

const MOST_VARIANTS: usize = 100;
const MOST_OPTIONS: usize = 10;

/// The largest price, in minor units. Two hundred lines of 999 at this price can still be added up.
const MOST_PRICE: i64 = 1_000_000_000_000;

/// A variant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub sku: Sku,
    pub options: BTreeMap<String, String>,
    pub price: Money,
}

/// A variant that can be bought, and how many of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfferedVariant {
    pub product_id: ProductId,
    pub variant: Variant,
    pub available: i64,
}

impl From<OfferedVariant> for VariantView {
    fn from(offered: OfferedVariant) -> Self {
        Self {
            sku: offered.variant.sku,
            options: offered.variant.options,
            price: offered.variant.price,
            available: offered.available,
        }
    }
}

/// The variants of a product: at least one, each SKU once, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variants {
    all: Vec<Variant>,
    lowest: Money,
}

impl Variants {
    /// Checks each of them and notes everything that is wrong.
    pub(crate) fn read(check: &mut Check, inputs: Vec<VariantInput>) -> Option<Self> {
        if !(1..=MOST_VARIANTS).contains(&inputs.len()) {
            check.refuse("/variants", format!("must have 1 to {MOST_VARIANTS} items"));
            return None;
        }
        let count = inputs.len();
        let read: Vec<_> = inputs
            .into_iter()
            .enumerate()
            .filter_map(|(index, input)| Variant::read(check, index, input))
            .collect();
        let mut known = BTreeSet::new();
        let lowest = read
            .iter()
            .map(|variant| variant.price)
            .min_by_key(|price| price.amount_minor)?;
        for (index, variant) in read.iter().enumerate().filter(|_| read.len() == count) {
            if !known.insert(&variant.sku) {
                check.refuse(
                    format!("/variants/{index}/sku"),
                    "must not be that of another variant",
                );
            }
            if variant.price.currency != read[0].price.currency {
                let pointer = format!("/variants/{index}/price/currency");
                check.refuse(pointer, "must be that of the other variants");
            }
        }
        (read.len() == count).then_some(Self { all: read, lowest })
    }

    /// In the order in which they are shown.
    pub(crate) fn all(&self) -> &[Variant] {
        &self.all
    }

    /// The price of the cheapest.
    pub(crate) fn lowest_price(&self) -> Money {
        self.lowest
    }
}

impl Variant {
    fn read(check: &mut Check, index: usize, input: VariantInput) -> Option<Self> {
        let at = |member: &str| format!("/variants/{index}/{member}");
        let sku = check.field(at("sku"), input.sku.parse());
        let options = check.field(at("options"), options(input.options));
        let is_price = (1..=MOST_PRICE).contains(&input.price.amount_minor);
        let price = is_price.then_some(input.price);
        let price = price.ok_or_else(|| format!("must be 1 to {MOST_PRICE}"));
        let price = check.field(at("price/amount_minor"), price);
        Some(Self {
            sku: sku?,
            options: options?,
            price: price?,
        })
    }
}

fn options(given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    if given.len() > MOST_OPTIONS {
        return Err(format!("must have at most {MOST_OPTIONS} members"));
    }
    for (name, value) in &given {
        OptionName::parse(name.as_str()).map_err(|error| format!("a name {error}"))?;
        OptionValue::parse(value.as_str()).map_err(|error| format!("a value {error}"))?;
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(sku: &str, amount_minor: i64, currency: &str) -> VariantInput {
        VariantInput {
            sku: sku.to_owned(),
            options: BTreeMap::from([("size".to_owned(), "L".to_owned())]),
            price: Money {
                amount_minor,
                currency: currency.parse().unwrap(),
            },
        }
    }

    fn wrong(inputs: Vec<VariantInput>) -> Vec<String> {
        let mut check = Check::new();
        let read = Variants::read(&mut check, inputs);
        let errors = check.finish(|| read).err().unwrap_or_default();
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn the_cheapest_of_a_product_is_its_price() {
        let inputs = vec![
            input("b", 300, "USD"),
            input("a", 100, "USD"),
            input("c", 200, "USD"),
        ];
        let variants = Variants::read(&mut Check::new(), inputs).unwrap();
        assert_eq!(variants.lowest_price().amount_minor, 100);
        assert_eq!(variants.all()[0].sku.as_str(), "b", "the order stays");
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        assert_eq!(wrong(Vec::new()), ["/variants"]);
        assert_eq!(
            wrong((0..101).map(|n| input(&format!("s{n}"), 1, "USD")).collect()),
            ["/variants"]
        );
        assert_eq!(
            wrong((0..100).map(|n| input(&format!("s{n}"), 1, "USD")).collect()),
            [""; 0]
        );
        let mixed = vec![input("a", 1, "USD"), input("b", 1, "EUR"), input("A", 1, "USD")];
        assert_eq!(wrong(mixed), ["/variants/1/price/currency", "/variants/2/sku"]);
        for amount in [0, -1, i64::MIN, i64::MAX, MOST_PRICE + 1] {
            assert_eq!(
                wrong(vec![input("a b", amount, "USD")]),
                ["/variants/0/sku", "/variants/0/price/amount_minor"]
            );
        }
        assert_eq!(wrong(vec![input("a", MOST_PRICE, "USD")]), [""; 0]);
    }

    #[test]
    fn options_are_bounded() {
        let with = |name: &str, value: &str| {
            let mut one = input("a", 1, "USD");
            one.options = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            wrong(vec![one])
        };
        assert_eq!(with("size", "L"), [""; 0]);
        for (name, value) in [
            ("", "L"),
            ("size", ""),
            ("a\0", "L"),
            ("a", "\0"),
            (&"x".repeat(51), "L"),
        ] {
            assert_eq!(with(name, value), ["/variants/0/options"]);
        }
        let mut many = input("a", 1, "USD");
        many.options = (0..11).map(|n| (n.to_string(), "x".to_owned())).collect();
        assert_eq!(wrong(vec![many]), ["/variants/0/options"]);
    }
}
