//! Variants of products. Their rows are never removed: stock and orders refer to them.

use std::collections::BTreeMap;

use catalog_api::ProductId;
use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_values::{Money, Sku};

use crate::domain::{OfferedVariant, Variant, Variants};

/// Writes a product's variants, those that are there already too, and gives new ones their row of stock. How many
/// were written: fewer than there are where another product has a SKU.
pub(crate) async fn save_variants(
    tx: &mut Tx,
    product_id: ProductId,
    variants: &Variants,
) -> Result<usize, StoreError> {
    let mut placed: Vec<_> = (0_i64..).zip(variants.all()).collect();
    placed.sort_by(|(_, one), (_, other)| one.sku.cmp(&other.sku));
    let insert = sql("INSERT INTO variants \
         (sku_key, sku, product_id, position, options, price_minor, currency, is_offered) VALUES ")
    .push_rows(&placed, |row, (position, variant)| {
        row.bind(variant.sku.key())
            .bind(variant.sku.as_str())
            .bind(product_id.to_string())
            .bind(*position)
            .bind(written(&variant.options))
            .bind(variant.price.amount_minor)
            .bind(variant.price.currency.to_string())
            .bind(true)
    });
    let rows = insert
        .push(
            " ON CONFLICT (sku_key) DO UPDATE SET position = excluded.position, options = excluded.options, \
             price_minor = excluded.price_minor, currency = excluded.currency, is_offered = 1 \
             WHERE variants.product_id = excluded.product_id RETURNING sku_key, sku",
        )
        .all(tx)
        .await?;
    let saved = rows
        .iter()
        .map(|row| Ok((row.get::<String>("sku_key")?, row.get::<String>("sku")?)));
    let saved: Vec<_> = saved.collect::<Result<_, StoreError>>()?;
    if !saved.is_empty() {
        sql("INSERT INTO stock (sku_key, sku, on_hand, reserved, version) VALUES ")
            .push_rows(&saved, |row, (key, sku)| {
                row.bind(key).bind(sku).bind(0_i64).bind(0_i64).bind(0_i64)
            })
            .push(" ON CONFLICT (sku_key) DO NOTHING")
            .execute(tx)
            .await?;
    }
    Ok(saved.len())
}

/// A JSON object, which strings always make.
fn written(options: &BTreeMap<String, String>) -> String {
    serde_json::json!(options).to_string()
}

/// Those of the SKUs that belong to another product.
pub(crate) async fn list_taken(
    tx: &mut Tx,
    product_id: ProductId,
    variants: &Variants,
) -> Result<Vec<Sku>, StoreError> {
    list_skus(tx, "product_id <> $1 AND sku_key IN ", product_id, variants).await
}

/// The SKUs that a product offers and that are not among these.
pub(crate) async fn list_missing(
    tx: &mut Tx,
    product_id: ProductId,
    variants: &Variants,
) -> Result<Vec<Sku>, StoreError> {
    let condition = "product_id = $1 AND is_offered = 1 AND sku_key NOT IN ";
    list_skus(tx, condition, product_id, variants).await
}

/// SKUs by a condition on the product and, behind it, the variants' keys.
async fn list_skus(
    tx: &mut Tx,
    condition: &'static str,
    product_id: ProductId,
    variants: &Variants,
) -> Result<Vec<Sku>, StoreError> {
    let keys = variants.all().iter().map(|variant| variant.sku.key());
    let rows = sql("SELECT sku FROM variants WHERE ")
        .push(condition)
        .bind(product_id.to_string())
        .push_list(keys)
        .push(" ORDER BY sku_key")
        .all(tx)
        .await?;
    rows.iter().map(|row| row.parse("sku")).collect()
}

/// Takes these out of a product.
pub(crate) async fn retire(tx: &mut Tx, skus: &[Sku]) -> Result<(), StoreError> {
    sql("UPDATE variants SET is_offered = 0 WHERE sku_key IN ")
        .push_list(skus.iter().map(Sku::key))
        .execute(tx)
        .await?;
    Ok(())
}

/// What can be bought of products, each product's in the order in which they are shown.
pub(crate) async fn list_offered(
    on: &mut impl Session,
    products: &[ProductId],
) -> Result<Vec<OfferedVariant>, StoreError> {
    let rows = sql(
        "SELECT product_id, variants.sku, options, price_minor, currency, on_hand - reserved AS available \
         FROM variants JOIN stock ON stock.sku_key = variants.sku_key WHERE is_offered = 1 AND product_id IN ",
    )
    .push_list(products.iter().map(ToString::to_string))
    .push(" ORDER BY product_id, position")
    .all(on)
    .await?;
    rows.iter().map(offered).collect()
}

fn offered(row: &Row) -> Result<OfferedVariant, StoreError> {
    Ok(OfferedVariant {
        product_id: row.parse("product_id")?,
        variant: Variant {
            sku: row.parse("sku")?,
            options: row.json("options")?,
            price: Money {
                amount_minor: row.get("price_minor")?,
                currency: row.parse("currency")?,
            },
        },
        available: row.get("available")?,
    })
}
