//! What other services ask.

use std::collections::HashMap;

use catalog_api::{
    Catalog, CatalogError, CommitStock, FindReservation, GetItems, Item, Items, MOST_SKUS, ReleaseStock,
    ReservationView, ReserveStock, Restock,
};
use kit_db::Reader;
use kit_http::FieldError;
use kit_rpc::CallContext;
use kit_service::Failure;
use kit_values::Sku;

use super::{CatalogFailure, CatalogService};
use crate::domain::{OrderLines, Reservation, ReservationStep};
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

    async fn find_reservation(
        &self,
        _: &CallContext,
        request: FindReservation,
    ) -> Result<Option<ReservationView>, CatalogError> {
        match self.find_reservation(request.order_id).await {
            Ok(found) => Ok(found.map(ReservationView::from)),
            Err(failure) => Err(failure.into_contract_error()),
        }
    }

    async fn reserve_stock(
        &self,
        call: &CallContext,
        request: ReserveStock,
    ) -> Result<ReservationView, CatalogError> {
        let lines = OrderLines::check(request.lines).map_err(CatalogError::Invalid)?;
        answer(self.reserve(call, request.order_id, lines).await)
    }

    async fn release_stock(
        &self,
        call: &CallContext,
        request: ReleaseStock,
    ) -> Result<ReservationView, CatalogError> {
        answer(
            self.advance(call, request.order_id, ReservationStep::Release)
                .await,
        )
    }

    async fn commit_stock(
        &self,
        call: &CallContext,
        request: CommitStock,
    ) -> Result<ReservationView, CatalogError> {
        answer(
            self.advance(call, request.order_id, ReservationStep::Commit)
                .await,
        )
    }

    async fn restock(&self, call: &CallContext, request: Restock) -> Result<ReservationView, CatalogError> {
        answer(
            self.advance(call, request.order_id, ReservationStep::Restock)
                .await,
        )
    }
}

fn answer(ended: Result<Reservation, CatalogFailure>) -> Result<ReservationView, CatalogError> {
    ended
        .map(ReservationView::from)
        .map_err(CatalogFailure::into_contract_error)
}
