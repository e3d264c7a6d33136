//! Articles as other services see them.

use catalog_api::Item;
use kit_db::{Row, Session, StoreError, sql};
use kit_values::{Money, Sku};

use crate::domain::image_url;

/// What is known of SKUs, in no order.
pub(crate) async fn list_items(on: &mut impl Session, skus: &[Sku]) -> Result<Vec<Item>, StoreError> {
    let rows = sql(
        "SELECT variants.sku, variants.product_id, products.slug, products.name, variants.options, \
         (SELECT key FROM images WHERE images.product_id = products.id ORDER BY position LIMIT 1) AS image, \
         variants.price_minor, variants.currency, stock.on_hand - stock.reserved AS available, \
         CASE WHEN products.status = 'active' THEN variants.is_offered ELSE 0 END AS is_offered \
         FROM variants JOIN products ON products.id = variants.product_id \
         JOIN stock ON stock.sku_key = variants.sku_key WHERE variants.sku_key IN ",
    )
    .push_list(skus.iter().map(Sku::key))
    .all(on)
    .await?;
    rows.iter().map(item).collect()
}

fn item(row: &Row) -> Result<Item, StoreError> {
    Ok(Item {
        sku: row.parse("sku")?,
        product_id: row.parse("product_id")?,
        slug: row.parse("slug")?,
        name: row.get("name")?,
        options: row.json("options")?,
        image_url: row.parse_optional("image")?.map(image_url),
        price: Money {
            amount_minor: row.get("price_minor")?,
            currency: row.parse("currency")?,
        },
        available: row.get("available")?,
        is_offered: row.get("is_offered")?,
    })
}
