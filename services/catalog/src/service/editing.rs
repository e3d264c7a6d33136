//! What making and changing a product have in common: the rows, in the order of `store`, the event, and the note of what
//! customers are shown differently.

use catalog_api::{CatalogRefusal, CategoryId, ProductId, ProductStatus};
use kit_db::Tx;
use kit_http::IfMatch;
use kit_service::Failure;

use super::{CatalogFailure, not_saved, slug_taken, unknown};
use crate::domain::{Product, ProductDraft, ProductEvent, ProductWords, Variant, Variants};
use crate::reads::{Change, Changed};
use crate::store::{self, Holding};

/// The product as it is now, held until the transaction ends, if it is what the client has seen.
pub(super) async fn find(
    tx: &mut Tx,
    id: ProductId,
    seen: &IfMatch,
) -> Result<Option<Product>, CatalogFailure> {
    match store::find_product_for_update(tx, id).await? {
        Some(product) if !seen.allows(product.version) => Err(Failure::VersionMismatch),
        found => Ok(found),
    }
}

/// Refuses a category that is not there; one that is stays until the transaction ends.
pub(super) async fn check_category(tx: &mut Tx, id: Option<CategoryId>) -> Result<(), CatalogFailure> {
    if let Some(id) = id {
        let category = store::find_category_for_share(tx, id).await?;
        category.ok_or_else(|| unknown("/category_id", "category"))?;
    }
    Ok(())
}

/// Inserts a product with its variants and words; the product with the slug that it got.
pub(super) async fn insert(
    tx: &mut Tx,
    mut product: Product,
    draft: &ProductDraft,
    changed: &Changed,
) -> Result<Product, CatalogFailure> {
    let mut number = store::insert_product(tx, &product).await?;
    if number.is_none()
        && let Some(slug) = draft.slug.second(product.id)
    {
        product.slug = slug;
        number = store::insert_product(tx, &product).await?;
    }
    let number = number.ok_or_else(|| slug_taken(&product.slug))?;
    save_variants(tx, product.id, &draft.variants).await?;
    let words = ProductWords::new(&product, draft.variants.all());
    store::save_words(tx, number, &words).await?;
    publish(tx, ProductEvent::of(None, &product));
    changed.note(Change::product(product.id, product.version));
    Ok(product)
}

/// Writes a product that was changed, after its variants; `before` is its status until now.
pub(super) async fn save(
    tx: &mut Tx,
    before: ProductStatus,
    product: &Product,
    changed: &Changed,
) -> Result<(), CatalogFailure> {
    let saved = store::update_product(tx, product).await;
    let number = saved.map_err(|error| not_saved(error, &product.slug))?;
    let offered = store::list_offered(tx, &[product.id]).await?;
    let variants: Vec<Variant> = offered.into_iter().map(|offered| offered.variant).collect();
    store::save_words(tx, number, &ProductWords::new(product, &variants)).await?;
    publish(tx, ProductEvent::of(Some(before), product));
    changed.note(Change::product(product.id, product.version));
    Ok(())
}

fn publish(tx: &mut Tx, event: ProductEvent) {
    match event {
        ProductEvent::Created(event) => tx.publish(event),
        ProductEvent::Updated(event) => tx.publish(event),
        ProductEvent::Archived(event) => tx.publish(event),
    }
}

/// Gives a product these variants and no others.
pub(super) async fn save_variants(
    tx: &mut Tx,
    id: ProductId,
    variants: &Variants,
) -> Result<(), CatalogFailure> {
    let missing = store::list_missing(tx, id, variants).await?;
    if !missing.is_empty() {
        let stocks = store::list_stock_of(tx, &missing, Holding::ForUpdate).await?;
        if let Some(stock) = stocks.into_iter().find(|stock| !stock.is_empty()) {
            return Err(Failure::Refused(CatalogRefusal::SkuInStock { sku: stock.sku }));
        }
        store::retire(tx, &missing).await?;
    }
    if store::save_variants(tx, id, variants).await? == variants.all().len() {
        return Ok(());
    }
    let taken = store::list_taken(tx, id, variants).await?.into_iter().next();
    let sku = taken.ok_or_else(|| Failure::internal("a variant was not saved whose SKU is free"))?;
    Err(Failure::Refused(CatalogRefusal::SkuTaken { sku }))
}
