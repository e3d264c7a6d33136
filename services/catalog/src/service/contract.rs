//! What other services ask.

use std::collections::HashMap;

use catalog_api::{Catalog, CatalogError, GetItems, Item, Items, MOST_SKUS};
use kit_db::Reader;
use kit_http::FieldError;
use kit_rpc::CallContext;
use kit_service::Failure;
use kit_values::Sku;

use super::{CatalogFailure, CatalogService};
use crate::store;

impl CatalogService {
    async fn items(&self, skus: Vec<Sku>) -> Result<Vec<Item>, CatalogFailure> {
        if skus.len() > MOST_SKUS {
            let message = format!("must have at most {MOST_SKUS} items");
            return Err(Failure::Invalid(vec![FieldError::new("/skus", message)]));
        }
        let asked = skus.clone();
        let read = async move |reader: &mut Reader| store::list_items(reader, &asked).await;
        let found = self.units.read(read).await?;
        let by_sku: HashMap<Sku, Item> = found.into_iter().map(|item| (item.sku.clone(), item)).collect();
        Ok(skus.iter().filter_map(|sku| by_sku.get(sku).cloned()).collect())
    }
}

impl Catalog for CatalogService {
    async fn get_items(&self, _: &CallContext, request: GetItems) -> Result<Items, CatalogError> {
        match self.items(request.skus).await {
            Ok(items) => Ok(Items { items }),
            Err(failure) => Err(failure.into_contract_error()),
        }
    }
}
