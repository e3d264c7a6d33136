//! Pictures of products, without their bytes.

use std::collections::HashMap;

use catalog_api::{ImageKey, ProductId};
use kit_db::{Session, StoreError, Tx, select, sql};

use crate::domain::Image;

kit_db::table_row! {
    Image in "images" {
        key: text,
        product_id: text,
        position: value,
        alt: value,
        media_type: value,
        width: value,
        created_at: value,
    }
}

/// Adds a picture. The caller holds the product.
pub(crate) async fn insert_image(tx: &mut Tx, image: &Image) -> Result<(), StoreError> {
    kit_db::insert(image).execute(tx).await?;
    Ok(())
}

/// Removes a picture. The caller holds its product.
pub(crate) async fn delete_image(tx: &mut Tx, key: ImageKey) -> Result<(), StoreError> {
    sql("DELETE FROM images WHERE key = $1")
        .bind(key.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn find_image(on: &mut impl Session, key: ImageKey) -> Result<Option<Image>, StoreError> {
    select::<Image>("WHERE key = $1")
        .bind(key.to_string())
        .row(on)
        .await
}

/// The pictures of products, each product's in the order in which they are shown.
pub(crate) async fn list_images(
    on: &mut impl Session,
    products: &[ProductId],
) -> Result<HashMap<ProductId, Vec<Image>>, StoreError> {
    select::<Image>("WHERE product_id IN ")
        .push_list(products.iter().map(ToString::to_string))
        .push(" ORDER BY product_id, position")
        .rows_by(on, |image: &Image| image.product_id)
        .await
}
