//! Products, without their variants.

use std::collections::HashMap;

use catalog_api::ProductId;
use kit_db::{Row, Session, Statement, StoreError, Tx, sql};
use kit_values::{Money, Slug};

use super::{list_images, list_offered};
use crate::domain::{OfferedVariant, Product, ProductRef, ProductSnapshot, Reference};

const COLUMNS: &str = "SELECT number, id, slug, name, description, category_id, status, currency, price_minor, \
     version, created_at, updated_at FROM products ";

/// Inserts it; its number, or none where its slug is taken.
pub(crate) async fn insert_product(tx: &mut Tx, product: &Product) -> Result<Option<i64>, StoreError> {
    let row = sql(
        "INSERT INTO products (id, slug, name, description, category_id, status, currency, price_minor, \
                   version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                   ON CONFLICT (slug) DO NOTHING RETURNING number",
    );
    let row = bind_all(row, product).optional(tx).await?;
    row.map(|row| row.get("number")).transpose()
}

/// Writes all that can change; its number. The caller holds the row. Where the slug is taken,
/// [`super::is_slug_taken`].
pub(crate) async fn update_product(tx: &mut Tx, product: &Product) -> Result<i64, StoreError> {
    let statement = sql(
        "UPDATE products SET slug = $2, name = $3, description = $4, category_id = $5, status = $6, \
         currency = $7, price_minor = $8, version = $9, created_at = $10, updated_at = $11 WHERE id = $1 \
         RETURNING number",
    );
    bind_all(statement, product).one(tx).await?.get("number")
}

/// `$1` to `$11`.
fn bind_all(statement: Statement, product: &Product) -> Statement {
    statement
        .bind(product.id.to_string())
        .bind(product.slug.as_str())
        .bind(&product.name)
        .bind(&product.description)
        .bind(product.category_id.map(|id| id.to_string()))
        .bind(product.status.as_str())
        .bind(product.price.currency.to_string())
        .bind(product.price.amount_minor)
        .bind(product.version)
        .bind(product.created_at)
        .bind(product.updated_at)
}

pub(crate) async fn find_product(
    on: &mut impl Session,
    reference: &ProductRef,
) -> Result<Option<Product>, StoreError> {
    let statement = match reference {
        Reference::Id(id) => sql(COLUMNS).push("WHERE id = $1").bind(id.to_string()),
        Reference::Slug(slug) => sql(COLUMNS).push("WHERE slug = $1").bind(slug.as_str()),
    };
    statement.optional(on).await?.as_ref().map(product).transpose()
}

/// The product, which nobody changes until the transaction ends.
pub(crate) async fn find_product_for_update(
    tx: &mut Tx,
    id: ProductId,
) -> Result<Option<Product>, StoreError> {
    let statement = sql(COLUMNS).push("WHERE id = $1").bind(id.to_string());
    statement
        .for_update()
        .optional(tx)
        .await?
        .as_ref()
        .map(product)
        .transpose()
}

/// Those of these slugs, which nobody changes until the transaction ends.
pub(crate) async fn list_products_for_update(
    tx: &mut Tx,
    slugs: Vec<Slug>,
) -> Result<Vec<Product>, StoreError> {
    let statement = sql(COLUMNS)
        .push("WHERE slug IN ")
        .push_list(slugs.iter().map(Slug::as_str))
        .push(" ORDER BY id");
    let rows = statement.for_update().all(tx).await?;
    rows.iter().map(product).collect()
}

/// Those of these identifiers, in their order.
pub(crate) async fn list_products_of(
    on: &mut impl Session,
    ids: &[ProductId],
) -> Result<Vec<Product>, StoreError> {
    let statement = sql(COLUMNS)
        .push("WHERE id IN ")
        .push_list(ids.iter().map(ToString::to_string));
    let rows = statement.all(on).await?;
    let found = rows.iter().map(product).collect::<Result<Vec<_>, _>>()?;
    let mut found: HashMap<_, _> = found.into_iter().map(|product| (product.id, product)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Products with what can be bought of them, in the order in which they are given.
pub(crate) async fn snapshots(
    on: &mut impl Session,
    products: Vec<Product>,
) -> Result<Vec<ProductSnapshot>, StoreError> {
    let ids: Vec<_> = products.iter().map(|product| product.id).collect();
    let mut variants: HashMap<ProductId, Vec<OfferedVariant>> = HashMap::new();
    for offered in list_offered(on, &ids).await? {
        variants.entry(offered.product_id).or_default().push(offered);
    }
    let mut images = list_images(on, &ids).await?;
    let snapshots = products.into_iter().map(|product| ProductSnapshot {
        variants: variants.remove(&product.id).unwrap_or_default(),
        images: images.remove(&product.id).unwrap_or_default(),
        product,
    });
    Ok(snapshots.collect())
}

fn product(row: &Row) -> Result<Product, StoreError> {
    Ok(Product {
        id: row.parse("id")?,
        slug: row.parse("slug")?,
        name: row.get("name")?,
        description: row.get("description")?,
        category_id: row.parse_optional("category_id")?,
        status: row.parse("status")?,
        price: Money {
            amount_minor: row.get("price_minor")?,
            currency: row.parse("currency")?,
        },
        version: row.get("version")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}
