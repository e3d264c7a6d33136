//! Pictures of products.
//!
//! The bytes are written before the row and removed after it: what a product shows is always there. Bytes without a
//! row, which a crash in between leaves, or a store that is away when they were to be removed, are seen by nobody.

use bytes::Bytes;
use catalog_api::{CatalogRefusal, ImageKey, ImageText, MOST_IMAGES, ProductId, UploadImage};
use kit_db::{Reader, Tx};
use kit_http::{ApiRefusal as _, FieldError, IfMatch};
use kit_service::{Call, Failure};

use super::editing::{find, save};
use super::products::PRODUCT;
use super::{CatalogFailure, CatalogService};
use crate::domain::{Image, ImageSize};
use crate::reads::Changed;
use crate::store;

const IMAGE: &str = "Image";

impl CatalogService {
    /// Adds a picture behind the others of a product.
    pub(crate) async fn add_image(
        &self,
        call: &Call,
        product_id: ProductId,
        file: Bytes,
        request: UploadImage,
    ) -> Result<Image, CatalogFailure> {
        let alt = ImageText::parse(request.alt);
        let alt = alt.map_err(|error| vec![FieldError::new("/alt", error.to_string())])?;
        let made = self.pictures.make(file).await;
        let made = made.map_err(unavailable)?;
        let renditions = made.map_err(|error| vec![FieldError::new("/file", error.to_string())])?;
        let image = Image {
            key: self.units.new_id(),
            product_id,
            position: 1,
            alt: alt.to_string(),
            media_type: renditions.media_type.to_owned(),
            width: renditions.width.into(),
            created_at: self.units.now(),
        };
        let key = image.key;
        if let Err(error) = self.pictures.put(key, renditions).await {
            // Some sizes may be there.
            self.pictures.remove(key).await;
            return Err(unavailable(error));
        }
        let changed = Changed::default();
        let noted = changed.clone();
        let unit = async move |tx: &mut Tx| insert(tx, image.clone(), &noted).await;
        let inserted = self.changing(&changed, self.units.unit(call, unit)).await;
        if matches!(inserted, Err(Failure::NotFound(_) | Failure::Refused(_))) {
            self.pictures.remove(key).await;
        }
        inserted
    }

    /// Takes a picture away from a product; the picture that it was.
    pub(crate) async fn remove_image(
        &self,
        call: &Call,
        product_id: ProductId,
        key: ImageKey,
    ) -> Result<Image, CatalogFailure> {
        let now = self.units.now();
        let changed = Changed::default();
        let noted = changed.clone();
        let unit = async move |tx: &mut Tx| {
            let product = find(tx, product_id, &IfMatch::Absent).await?;
            let image = store::find_image(tx, key).await?;
            let image = image.filter(|image| image.product_id == product_id);
            let (Some(product), Some(image)) = (product, image) else {
                return Err(Failure::NotFound(IMAGE));
            };
            store::delete_image(tx, key).await?;
            save(tx, product.status, &product.touch(now), &noted).await?;
            Ok(image)
        };
        let removed = self.changing(&changed, self.units.unit(call, unit)).await?;
        self.pictures.remove(key).await;
        Ok(removed)
    }

    /// The media type and the bytes of a picture.
    pub(crate) async fn get_image(
        &self,
        key: &str,
        size: ImageSize,
    ) -> Result<(String, Bytes), CatalogFailure> {
        let key: ImageKey = key.parse().map_err(|_| Failure::NotFound(IMAGE))?;
        let read = async move |reader: &mut Reader| store::find_image(reader, key).await;
        let image = self.units.read(read).await?.ok_or(Failure::NotFound(IMAGE))?;
        let bytes = self.pictures.get(key, size.of(image.width)).await;
        let bytes = bytes.map_err(unavailable)?;
        Ok((image.media_type, bytes.ok_or(Failure::NotFound(IMAGE))?))
    }
}

/// Nothing was done; the client may come again.
fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> CatalogFailure {
    Failure::Unavailable {
        service: CatalogRefusal::SERVICE,
        cause: cause.into(),
    }
}

async fn insert(tx: &mut Tx, image: Image, changed: &Changed) -> Result<Image, CatalogFailure> {
    let product = find(tx, image.product_id, &IfMatch::Absent).await?;
    let product = product.ok_or(Failure::NotFound(PRODUCT))?;
    let mut others = store::list_images(tx, &[product.id]).await?;
    let others = others.remove(&product.id).unwrap_or_default();
    if others.len() >= MOST_IMAGES {
        return Err(Failure::Refused(CatalogRefusal::TooManyImages {
            most: MOST_IMAGES,
        }));
    }
    let position = others.last().map_or(1, |last| last.position + 1);
    let image = Image { position, ..image };
    store::insert_image(tx, &image).await?;
    let touched = product.touch(image.created_at);
    save(tx, product.status, &touched, changed).await?;
    Ok(image)
}
