//! What is told of a product that has changed.

use catalog_api::{ProductArchived, ProductCreated, ProductStatus, ProductUpdated};

use super::Product;

/// What is told of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProductEvent {
    Created(ProductCreated),
    Updated(ProductUpdated),
    Archived(ProductArchived),
}

impl ProductEvent {
    /// Of a product that had this status before, or was not there.
    pub(crate) fn of(before: Option<ProductStatus>, product: &Product) -> Self {
        let Product { id, version, .. } = *product;
        let (product_id, slug, timestamp) = (id, product.slug.clone(), product.updated_at);
        match (before, product.status) {
            (None, _) => Self::Created(ProductCreated {
                product_id,
                slug,
                version,
                timestamp,
            }),
            (Some(ProductStatus::Active), ProductStatus::Archived) => Self::Archived(ProductArchived {
                product_id,
                slug,
                version,
                timestamp,
            }),
            (Some(_), ProductStatus::Active) | (Some(ProductStatus::Archived), ProductStatus::Archived) => {
                Self::Updated(ProductUpdated {
                    product_id,
                    slug,
                    version,
                    timestamp,
                })
            }
        }
    }
}
