//! Products: one to look at, and making, changing and archiving them.

use std::sync::Arc;

use catalog_api::{CreateProduct, ProductId, ProductStatus, ProductView, UpdateProduct};
use kit_cache::Versioned;
use kit_db::Tx;
use kit_http::{Anyone, IfMatch};
use kit_service::{Call, Failure, JsonAnswer};
use kit_token::Role;

use super::editing::{check_category, find, insert, save, save_variants};
use super::{CatalogFailure, CatalogService};
use crate::domain::{Product, ProductChange, ProductDraft, ProductSnapshot};
use crate::reads::{Changed, Reads};
use crate::store;

pub(super) const PRODUCT: &str = "Product";

/// Whether somebody sees products that are archived.
pub(super) fn sees_archived(actor: &Anyone) -> bool {
    actor
        .0
        .as_ref()
        .is_some_and(|principal| principal.roles.includes(Role::Staff))
}

impl CatalogService {
    /// What somebody reads from: staff the database, everybody else what is kept.
    pub(super) fn reads_of(&self, actor: &Anyone) -> Reads {
        if sees_archived(actor) {
            self.reads.fresh()
        } else {
            self.reads.clone()
        }
    }

    /// The product of an identifier or slug, if whoever asks sees it.
    pub(crate) async fn get_product(
        &self,
        call: &Call<Anyone>,
        reference: &str,
    ) -> Result<Arc<Versioned<ProductView>>, CatalogFailure> {
        let reference = reference.parse().map_err(|_| Failure::NotFound(PRODUCT))?;
        let found = self.reads_of(&call.actor).find_product(reference).await?;
        let found = found.ok_or(Failure::NotFound(PRODUCT))?;
        match found.value.status {
            ProductStatus::Archived if !sees_archived(&call.actor) => Err(Failure::NotFound(PRODUCT)),
            ProductStatus::Archived | ProductStatus::Active => Ok(found),
        }
    }

    pub(crate) async fn create_product(
        &self,
        call: &Call,
        request: CreateProduct,
    ) -> Result<JsonAnswer<ProductView>, CatalogFailure> {
        let draft = ProductDraft::check(request.clone())?;
        let changed = Changed::default();
        let (catalog, noted) = (self.clone(), changed.clone());
        let unit = async move |tx: &mut Tx| catalog.insert_product(tx, &draft, &noted).await;
        let write = self.units.once(call, &request, unit);
        self.changing(&changed, write).await
    }

    async fn insert_product(
        &self,
        tx: &mut Tx,
        draft: &ProductDraft,
        changed: &Changed,
    ) -> Result<ProductView, CatalogFailure> {
        check_category(tx, draft.category_id).await?;
        let product = draft.record(self.units.new_id(), self.units.now());
        let product = insert(tx, product, draft, changed).await?;
        Ok(snapshot(tx, product).await?.into())
    }

    /// Changes a product; the product after it.
    pub(crate) async fn update_product(
        &self,
        call: &Call,
        id: ProductId,
        request: UpdateProduct,
        seen: IfMatch,
    ) -> Result<ProductSnapshot, CatalogFailure> {
        let (change, now) = (ProductChange::check(request)?, self.units.now());
        let changed = Changed::default();
        let noted = changed.clone();
        let unit = async move |tx: &mut Tx| {
            let mut product = find(tx, id, &seen).await?.ok_or(Failure::NotFound(PRODUCT))?;
            let before = product.status;
            if change != ProductChange::default() {
                product = change.apply(product, now);
                if change.touches_category() {
                    check_category(tx, product.category_id).await?;
                }
                if let Some(variants) = &change.variants {
                    save_variants(tx, id, variants).await?;
                }
                save(tx, before, &product, &noted).await?;
            }
            snapshot(tx, product).await
        };
        self.changing(&changed, self.units.unit(call, unit)).await
    }

    /// Archives a product, unless it is archived; the product after it.
    pub(crate) async fn archive_product(
        &self,
        call: &Call,
        id: ProductId,
        seen: IfMatch,
    ) -> Result<ProductSnapshot, CatalogFailure> {
        let now = self.units.now();
        let changed = Changed::default();
        let noted = changed.clone();
        let unit = async move |tx: &mut Tx| {
            let product = find(tx, id, &seen).await?.ok_or(Failure::NotFound(PRODUCT))?;
            let Some(archived) = product.archive(now) else {
                return snapshot(tx, product).await;
            };
            save(tx, product.status, &archived, &noted).await?;
            snapshot(tx, archived).await
        };
        self.changing(&changed, self.units.unit(call, unit)).await
    }
}

async fn snapshot(tx: &mut Tx, product: Product) -> Result<ProductSnapshot, CatalogFailure> {
    let mut snapshots = store::snapshots(tx, vec![product]).await?;
    snapshots.pop().ok_or(Failure::NotFound(PRODUCT))
}
