//! What the shop sells: a table as a merchant imports it, and the pictures of it.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use csv::StringRecord;

use crate::drawing::View;

/// The table of `POST /products/import`.
const TABLE: &str = include_str!("goods.csv");

/// What comes after three weeks, so that something is new.
const LATE: [&str; 4] = [
    "fluted-vase",
    "dome-table-lamp",
    "woven-cushion",
    "olive-leaf-carafe",
];

/// The categories: slug, name, and the slug of the one above.
pub(crate) const CATEGORIES: [(&str, &str, Option<&str>); 16] = [
    ("ceramics", "Ceramics", None),
    ("textiles", "Textiles", None),
    ("lighting", "Lighting", None),
    ("kitchen", "Kitchen", None),
    ("vases", "Vases and planters", Some("ceramics")),
    ("tableware", "Tableware", Some("ceramics")),
    ("cushions", "Cushions", Some("textiles")),
    ("throws", "Throws and linen", Some("textiles")),
    ("towels", "Towels", Some("textiles")),
    ("rugs", "Rugs", Some("textiles")),
    ("lamps", "Lamps", Some("lighting")),
    ("pendants", "Pendants", Some("lighting")),
    ("candlelight", "Candlelight", Some("lighting")),
    ("jars", "Jars and bottles", Some("kitchen")),
    ("serving", "Serving", Some("kitchen")),
    ("tools", "Mills and boards", Some("kitchen")),
];

/// When goods come into the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// From the beginning on.
    First,
    /// Later.
    Late,
}

/// A product.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub slug: String,
    pub name: String,
    pub arrival: Arrival,
    /// SKUs, and how many of each are on hand at first.
    pub variants: Vec<(String, u64)>,
    rows: Vec<StringRecord>,
}

/// A picture of a product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// The drawing.
    pub drawing: String,
    pub view: View,
    /// What is to be seen, for whoever cannot see it.
    pub alt: String,
}

/// All of them.
#[derive(Clone, Debug)]
pub(crate) struct Goods {
    heads: StringRecord,
    pub products: Vec<Product>,
}

impl Goods {
    /// Reads the table.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let mut table = csv::Reader::from_reader(TABLE.as_bytes());
        let heads = table.headers()?.clone();
        let columns: BTreeMap<&str, usize> = heads.iter().zip(0..).collect();
        let mut products: Vec<Product> = Vec::new();
        for row in table.records() {
            let row = row?;
            let field = |column: &str| -> anyhow::Result<String> {
                let field = columns.get(column).and_then(|index| row.get(*index));
                Ok(field.with_context(|| format!("no column `{column}`"))?.to_owned())
            };
            let (slug, variant) = (field("slug")?, (field("sku")?, field("on_hand")?.parse()?));
            match products.last_mut() {
                Some(product) if product.slug == slug => {
                    product.variants.push(variant);
                    product.rows.push(row);
                }
                _ => products.push(Product {
                    name: field("name")?,
                    arrival: if LATE.contains(&slug.as_str()) {
                        Arrival::Late
                    } else {
                        Arrival::First
                    },
                    slug,
                    variants: vec![variant],
                    rows: vec![row],
                }),
            }
        }
        Ok(Self { heads, products })
    }

    /// Those that come together.
    pub(crate) fn of(&self, arrival: Arrival) -> impl Iterator<Item = &Product> {
        let products = self.products.iter();
        products.filter(move |product| product.arrival == arrival)
    }

    /// The table of those that come together.
    pub(crate) fn table(&self, arrival: Arrival) -> anyhow::Result<String> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(&self.heads)?;
        for row in self.of(arrival).flat_map(|product| &product.rows) {
            table.write_record(row)?;
        }
        let Ok(bytes) = table.into_inner() else {
            bail!("a table cannot be written");
        };
        Ok(String::from_utf8(bytes)?)
    }
}

/// The pictures of products that have more than one, behind the first: the product, the drawing, what part of it, and
/// what that shows.
const MORE: [(&str, &str, View, &str); 15] = [
    (
        "olive-leaf-carafe",
        "olive-leaf-carafe",
        close(200.0, 290.0, 1.9),
        "the brushed leaves",
    ),
    (
        "olive-leaf-carafe",
        "olive-leaf-carafe/olive",
        View::Whole,
        "in olive",
    ),
    (
        "olive-leaf-carafe",
        "olive-leaf-carafe/rust",
        View::Whole,
        "in rust",
    ),
    ("fluted-vase", "fluted-vase/tide", View::Whole, "in low tide"),
    (
        "fluted-vase",
        "fluted-vase",
        close(190.0, 190.0, 2.1),
        "the flutes",
    ),
    ("woven-cushion", "woven-cushion/cobalt", View::Whole, "in cobalt"),
    (
        "woven-cushion",
        "woven-cushion",
        close(200.0, 290.0, 2.0),
        "the weave",
    ),
    ("dome-table-lamp", "dome-table-lamp/iron", View::Whole, "in iron"),
    (
        "garland-plate",
        "garland-plate",
        close(270.0, 180.0, 2.0),
        "the rim",
    ),
    ("kilim-rug", "kilim-rug", close(200.0, 300.0, 1.9), "the weave"),
    (
        "sgraffito-vase",
        "sgraffito-vase",
        close(200.0, 280.0, 1.9),
        "the cut leaves",
    ),
    (
        "salt-crock",
        "salt-crock",
        close(200.0, 320.0, 2.0),
        "the brushed leaves",
    ),
    (
        "amphora",
        "amphora",
        close(200.0, 200.0, 1.8),
        "handles and bands",
    ),
    (
        "cake-stand",
        "cake-stand",
        close(200.0, 250.0, 1.7),
        "with a cake",
    ),
    ("pebble-lamp", "pebble-lamp", close(200.0, 300.0, 1.6), "the foot"),
];

const fn close(x: f32, y: f32, zoom: f32) -> View {
    View::Close { x, y, zoom }
}

impl Product {
    /// Its pictures, in their order.
    pub(crate) fn pictures(&self) -> Vec<Picture> {
        let mut pictures = vec![Picture {
            drawing: self.slug.clone(),
            view: View::Whole,
            alt: self.name.clone(),
        }];
        let more = MORE.iter().filter(|(slug, ..)| *slug == self.slug);
        pictures.extend(more.map(|(_, drawing, view, detail)| Picture {
            drawing: (*drawing).to_owned(),
            view: *view,
            alt: format!("{}, {detail}", self.name),
        }));
        pictures
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_product_has_a_picture_a_category_and_skus_of_its_own() {
        let goods = Goods::read().unwrap();
        assert!(goods.products.len() >= 40, "{}", goods.products.len());
        let mut skus = BTreeSet::new();
        let known: BTreeSet<_> = CATEGORIES.iter().map(|(slug, ..)| *slug).collect();
        for product in &goods.products {
            for picture in product.pictures() {
                assert!(crate::drawing::is_drawn(&picture.drawing), "{}", picture.drawing);
            }
            assert!(
                known.contains(product.rows[0].get(3).unwrap()),
                "{}",
                product.slug
            );
            for (sku, _) in &product.variants {
                assert!(skus.insert(sku.clone()), "{sku} is there twice");
            }
        }
        for (slug, ..) in MORE {
            assert!(
                goods.products.iter().any(|product| product.slug == slug),
                "{slug}"
            );
        }
        for (slug, _, above) in CATEGORIES {
            assert!(above.is_none_or(|above| known.contains(above)), "{slug}");
        }
    }

    #[test]
    fn the_tables_of_all_arrivals_are_the_whole_table() {
        let goods = Goods::read().unwrap();
        let lines = |arrival| goods.table(arrival).unwrap().lines().count() - 1;
        assert_eq!(
            lines(Arrival::First) + lines(Arrival::Late),
            TABLE.lines().count() - 1
        );
        assert_eq!(goods.of(Arrival::Late).count(), LATE.len());
    }
}
