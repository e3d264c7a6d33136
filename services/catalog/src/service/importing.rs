//! Products by a table: all of its rows, or none.
//!
//! A dry run does the same as a run, and takes it back. Rows are held in the order of `store`: those of all products
//! before those of any stock.

use std::collections::HashMap;

use catalog_api::{CatalogRefusal, CategoryId, ImportQuery, ImportView};
use kit_db::{StoreError, Tx};
use kit_http::FieldError;
use kit_service::{Call, Failure, JsonAnswer};
use kit_token::UserId;
use kit_values::{Sku, Slug};

use super::editing::{insert, save, save_variants};
use super::{CatalogFailure, CatalogService};
use crate::domain::{
    ImportedProduct, MOST_ERRORS, OnHand, Product, ProductDraft, ProductSnapshot, read_products,
};
use crate::reads::{Change, Changed};
use crate::store::{self, Holding};

/// What became of a product.
enum Imported {
    Created,
    Updated,
    Unchanged,
}

/// What became of the stock that a table counts.
#[derive(Default)]
struct CountedStock {
    /// Of how many SKUs it is another number than before.
    changed: u64,
    errors: Vec<FieldError>,
}

/// Why a unit of work is taken back.
enum Undone {
    /// It was a dry run, and this is what it came to.
    Rehearsed(ImportView),
    Failed(CatalogFailure),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl CatalogService {
    /// Creates and changes products as a table says them; with `dry_run`, what that would come to.
    pub(crate) async fn import_products(
        &self,
        call: &Call,
        query: ImportQuery,
        table: String,
    ) -> Result<JsonAnswer<ImportView>, CatalogFailure> {
        let (products, by) = (read_products(&table)?, call.actor.user_id);
        let changed = Changed::default();
        let (catalog, noted) = (self.clone(), changed.clone());
        if query.dry_run {
            let unit = async move |tx: &mut Tx| {
                let counted = catalog.import_in(tx, (&products, by), &noted).await;
                let dry_run = true;
                Err::<(), _>(counted.map_or_else(Undone::Failed, |view| {
                    Undone::Rehearsed(ImportView { dry_run, ..view })
                }))
            };
            return match self.units.unit(call, unit).await {
                Err(Undone::Rehearsed(view)) => self.units.answer(call, &view),
                Err(Undone::Failed(failure)) => Err(failure),
                Ok(()) => Err(Failure::internal("a dry run was written")),
            };
        }
        let unit = async move |tx: &mut Tx| catalog.import_in(tx, (&products, by), &noted).await;
        self.changing(&changed, self.units.once(call, &table, unit)).await
    }

    async fn import_in(
        &self,
        tx: &mut Tx,
        (products, by): (&[ImportedProduct], UserId),
        changed: &Changed,
    ) -> Result<ImportView, CatalogFailure> {
        let mut view = ImportView::default();
        let mut errors = Vec::new();
        let categories = categories_of(tx, products).await?;
        let slugs = products.iter().map(|product| product.slug.clone());
        let mut known = known_products(tx, slugs.collect()).await?;
        for product in products {
            view.rows += product.variants.len() as u64;
            let category = product.category.as_ref();
            let category_id = category.map(|slug| categories.get(slug).copied());
            if category_id == Some(None) {
                let pointer = format!("/{}/category", product.line());
                errors.push(FieldError::new(pointer, "there is no such category"));
                continue;
            }
            let category_id = category_id.flatten();
            let before = known.remove(&product.slug);
            match self
                .import_product(tx, before, (product, category_id), changed)
                .await
            {
                Ok(Imported::Created) => view.products_created += 1,
                Ok(Imported::Updated) => view.products_updated += 1,
                Ok(Imported::Unchanged) => view.products_unchanged += 1,
                Err(Failure::Refused(refusal)) => errors.push(of_row(&refusal, product)),
                Err(failure) => return Err(failure),
            }
        }
        let counted = self.import_stock(tx, (products, by), changed).await?;
        view.stock_changed = counted.changed;
        errors.extend(counted.errors);
        errors.truncate(MOST_ERRORS);
        if errors.is_empty() {
            Ok(view)
        } else {
            Err(Failure::Invalid(errors))
        }
    }

    async fn import_product(
        &self,
        tx: &mut Tx,
        before: Option<ProductSnapshot>,
        (product, category_id): (&ImportedProduct, Option<CategoryId>),
        changed: &Changed,
    ) -> Result<Imported, CatalogFailure> {
        let draft = ProductDraft {
            category_id,
            ..product.draft.clone()
        };
        let new = draft.record(self.units.new_id(), self.units.now());
        let before = match before {
            Some(before) => before,
            None => match insert(tx, new.clone(), &draft, changed).await {
                Ok(_) => return Ok(Imported::Created),
                // Somebody has made it meanwhile.
                Err(Failure::Refused(CatalogRefusal::SlugTaken { slug })) => {
                    let found = known_products(tx, vec![slug.clone()]).await?.remove(&slug);
                    found.ok_or(Failure::Refused(CatalogRefusal::SlugTaken { slug }))?
                }
                Err(failure) => return Err(failure),
            },
        };
        if is_said_by(&before, product, category_id) {
            return Ok(Imported::Unchanged);
        }
        let after = Product {
            id: before.product.id,
            status: before.product.status,
            version: before.product.version + 1,
            created_at: before.product.created_at,
            ..new
        };
        save_variants(tx, after.id, &draft.variants).await?;
        save(tx, before.product.status, &after, changed).await?;
        Ok(Imported::Updated)
    }

    /// Says how many are on hand where a row does.
    async fn import_stock(
        &self,
        tx: &mut Tx,
        (products, by): (&[ImportedProduct], UserId),
        changed: &Changed,
    ) -> Result<CountedStock, CatalogFailure> {
        let counted = counted_skus(products);
        let skus: Vec<Sku> = counted.keys().cloned().collect();
        let mut ended = CountedStock::default();
        for stock in store::list_stock_of(tx, &skus, Holding::ForUpdate).await? {
            let Some((line, on_hand)) = counted.get(&stock.sku) else {
                continue;
            };
            match stock.set(*on_hand, by, self.units.now()) {
                Ok(Some(change)) => {
                    store::record_change(tx, &change).await?;
                    tx.publish(change.event());
                    changed.note(Change::Stock(change.stock.product_id));
                    ended.changed += 1;
                }
                Ok(None) => {}
                Err(refusal) => {
                    let pointer = format!("/{line}/on_hand");
                    ended.errors.push(FieldError::new(pointer, refusal.to_string()));
                }
            }
        }
        Ok(ended)
    }
}

/// The categories that are named, which nobody archives until the transaction ends.
async fn categories_of(
    tx: &mut Tx,
    products: &[ImportedProduct],
) -> Result<HashMap<Slug, CategoryId>, StoreError> {
    let slugs = products.iter().filter_map(|product| product.category.clone());
    let found = store::list_categories_for_share(tx, slugs.collect()).await?;
    Ok(found
        .into_iter()
        .map(|category| (category.slug, category.id))
        .collect())
}

/// Those of the products that there are, held until the transaction ends.
async fn known_products(tx: &mut Tx, slugs: Vec<Slug>) -> Result<HashMap<Slug, ProductSnapshot>, StoreError> {
    let found = store::list_products_for_update(tx, slugs).await?;
    let found = store::snapshots(tx, found).await?;
    let by_slug = found
        .into_iter()
        .map(|snapshot| (snapshot.product.slug.clone(), snapshot));
    Ok(by_slug.collect())
}

/// Whether a product is as the table says.
fn is_said_by(before: &ProductSnapshot, said: &ImportedProduct, category_id: Option<CategoryId>) -> bool {
    let (product, draft) = (&before.product, &said.draft);
    let variants = before.variants.iter().map(|offered| &offered.variant);
    product.name == draft.name.as_str()
        && product.description == draft.description.as_str()
        && product.category_id == category_id
        && variants.eq(draft.variants.all())
}

/// The SKUs of which a row says how many there are: its line, and how many.
fn counted_skus(products: &[ImportedProduct]) -> HashMap<Sku, (u64, OnHand)> {
    let rows = products
        .iter()
        .flat_map(|product| product.draft.variants.all().iter().zip(&product.variants));
    let counted = rows.filter_map(|(variant, row)| Some((variant.sku.clone(), (row.line, row.on_hand?))));
    counted.collect()
}

/// What was refused of a product, as what is wrong with a row of it.
fn of_row(refusal: &CatalogRefusal, product: &ImportedProduct) -> FieldError {
    let mut variants = product.draft.variants.all().iter().zip(&product.variants);
    let row = match refusal {
        CatalogRefusal::SkuTaken { sku } => variants.find(|(variant, _)| variant.sku == *sku),
        _ => None,
    };
    let line = row.map_or(product.line(), |(_, row)| row.line);
    FieldError::new(format!("/{line}/sku"), refusal.to_string())
}
