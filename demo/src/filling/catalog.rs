//! Categories, products and their pictures.

use std::collections::BTreeSet;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _};
use kit_runtime::WorkerPool;
use serde_json::{Value, json};

use super::{Filler, text};
use crate::drawing;
use crate::goods::{Arrival, CATEGORIES, Product};
use crate::shop::{Body, Shop};

/// How many products get their pictures at once.
const AT_ONCE: usize = 3;

impl Filler<'_> {
    /// Makes the categories that are not there.
    pub(crate) async fn make_categories(&mut self) -> anyhow::Result<()> {
        let staff = self.staff().await?;
        for (slug, name, above) in CATEGORIES {
            let mut category = json!({ "name": name, "slug": slug });
            if let Some(above) = above {
                let above = staff.get(&format!("/categories/{above}")).await?;
                category["parent_id"] = above["id"].clone();
            }
            let key = format!("demo-category-{slug}");
            staff.post("/categories", &key, Body::Json(category)).await?;
        }
        Ok(())
    }

    /// Imports the goods that come together, and adds their pictures.
    pub(crate) async fn import(&mut self, key: &str, arrival: Arrival) -> anyhow::Result<()> {
        let staff = self.staff().await?;
        let table = Body::Csv(self.goods.table(arrival)?);
        staff.post("/products/import", key, table).await?;
        let adding = self
            .goods
            .of(arrival)
            .map(|product| add_pictures(&staff, &self.drawers, product));
        futures::stream::iter(adding)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }
}

/// Adds the pictures that a product does not have yet, in their order.
async fn add_pictures(staff: &Shop, drawers: &WorkerPool, product: &Product) -> anyhow::Result<()> {
    let found = staff.get(&format!("/products/{}", product.slug)).await?;
    let images = found["images"].as_array().map(Vec::as_slice).unwrap_or_default();
    let there: BTreeSet<&str> = images.iter().filter_map(|image| image["alt"].as_str()).collect();
    let path = format!("/products/{}/images", text(&found, "id")?);
    for picture in product.pictures() {
        if there.contains(picture.alt.as_str()) {
            continue;
        }
        let (name, view) = (picture.drawing, picture.view);
        let drawn = drawers.run(move || drawing::draw(&name, view)).await;
        let file = drawn.context("nobody is free to draw")??;
        let body = Body::Picture {
            file,
            alt: picture.alt,
        };
        let added: Value = staff.post(&path, "demo", body).await?;
        text(&added, "key")?;
    }
    Ok(())
}
