//! Single products.

use std::collections::HashMap;

use catalog_api::{ProductId, ProductView};
use kit_cache::{Change, Found, Versioned};
use kit_db::{Db, Reader, StoreError};
use kit_values::Slug;

use super::{KeptReads, ReadError, Reads};
use crate::domain::{ProductRef, ProductSnapshot, Reference};
use crate::store;

/// What a product, a variant or a picture takes beside its texts, about.
const FRAME: usize = 200;

/// A product in the version that it shows.
type ShownProduct = Versioned<ProductView>;

impl Reads {
    /// The product of an identifier or slug, whatever its status.
    pub(crate) async fn find_product(&self, reference: ProductRef) -> Result<Found<ProductView>, ReadError> {
        match (&self.kept, reference) {
            (Some(kept), Reference::Id(id)) => kept.find_by_id(&self.db, id).await,
            (Some(kept), Reference::Slug(slug)) => kept.find_by_slug(&self.db, slug).await,
            (None, reference) => read_shown(&self.db, reference).await,
        }
    }

    /// Products by identifier, those that there are.
    pub(super) async fn find_products(&self, ids: Vec<ProductId>) -> Result<Vec<ProductView>, ReadError> {
        let Some(kept) = &self.kept else {
            let found = read_products(&self.db, ids.clone()).await;
            let mut found = found.map_err(|error| ReadError::Failed(error.into()))?;
            let in_order = ids.iter().filter_map(|id| Some(found.remove(id)?.value));
            return Ok(in_order.collect());
        };
        let db = self.db.clone();
        let load = async move |missing| read_products(&db, missing).await;
        let found = kept.products.get_all(&ids, load).await?;
        Ok(found
            .into_iter()
            .flatten()
            .map(|found| found.value.clone())
            .collect())
    }
}

impl KeptReads {
    async fn find_by_id(&self, db: &Db, id: ProductId) -> Result<Found<ProductView>, ReadError> {
        let db = db.clone();
        let load = async move || read_product(&db, Reference::Id(id)).await;
        self.products.get(&id, load).await
    }

    /// By the product that has the slug as far as is known here, if that agrees; what this process has not heard of yet
    /// is looked up.
    async fn find_by_slug(&self, db: &Db, slug: Slug) -> Result<Found<ProductView>, ReadError> {
        for _ in 0..2 {
            let Some(id) = self.find_id(db, slug.clone()).await? else {
                return Ok(None);
            };
            let found = self.find_by_id(db, id).await?;
            if found.as_ref().is_some_and(|found| found.value.slug == slug) {
                return Ok(found);
            }
            self.slugs.invalidate(Change::updated(slug.clone(), None));
        }
        read_shown(db, Reference::Slug(slug)).await
    }

    async fn find_id(&self, db: &Db, slug: Slug) -> Result<Option<ProductId>, ReadError> {
        let (db, asked) = (db.clone(), slug.clone());
        let load = async move || {
            let reference = Reference::Slug(asked);
            let read = async move |reader: &mut Reader| store::find_product(reader, &reference).await;
            let found = db.read(read).await?;
            // Products have versions, and slugs have none.
            Ok(found.map(|product| Versioned {
                version: 0,
                value: product.id,
            }))
        };
        Ok(self.slugs.get(&slug, load).await?.map(|found| found.value))
    }
}

async fn read_shown(db: &Db, reference: ProductRef) -> Result<Found<ProductView>, ReadError> {
    let found = read_product(db, reference).await;
    let found = found.map_err(|error| ReadError::Failed(error.into()))?;
    Ok(found.map(Into::into))
}

async fn read_product(db: &Db, reference: ProductRef) -> Result<Option<ShownProduct>, StoreError> {
    let read = async move |reader: &mut Reader| {
        let found = store::find_product(reader, &reference).await?;
        store::snapshots(reader, found.into_iter().collect()).await
    };
    Ok(db.read(read).await?.pop().map(shown))
}

async fn read_products(db: &Db, ids: Vec<ProductId>) -> Result<HashMap<ProductId, ShownProduct>, StoreError> {
    let read = async move |reader: &mut Reader| {
        let found = store::list_products_of(reader, &ids).await?;
        store::snapshots(reader, found).await
    };
    let found = db.read(read).await?;
    Ok(found
        .into_iter()
        .map(|snapshot| (snapshot.product.id, shown(snapshot)))
        .collect())
}

fn shown(snapshot: ProductSnapshot) -> ShownProduct {
    Versioned {
        version: snapshot.product.version,
        value: snapshot.into(),
    }
}

/// What a product takes of the memory, about.
pub(super) fn weight(_: &ProductId, product: &ProductView) -> usize {
    let texts = product.name.len() + product.description.len();
    let images = product.images.iter().map(|image| FRAME + image.alt.len());
    let variants = product.variants.iter().map(|variant| {
        let options = variant.options.iter();
        FRAME
            + options
                .map(|(name, value)| FRAME + name.len() + value.len())
                .sum::<usize>()
    });
    FRAME + texts + images.sum::<usize>() + variants.sum::<usize>()
}
