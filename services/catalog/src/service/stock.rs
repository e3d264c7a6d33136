//! Stock, as staff look at it and change it.

use catalog_api::{AdjustStock, MovementView, SetStock, StockFilter, StockView};
use kit_db::{Reader, Tx};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure, JsonAnswer};
use kit_values::Sku;

use super::{CatalogFailure, CatalogService};
use crate::domain::{Adjustment, OnHand, Stock, StockChange, StockSearch};
use crate::reads::{Change, Changed};
use crate::store::{self, Holding};

const STOCK: &str = "Stock";

impl CatalogService {
    /// The stock of what products offer, or have left, by SKU.
    pub(crate) async fn list_stock(
        &self,
        filter: &StockFilter,
        request: &PageRequest,
    ) -> Result<Page<StockView>, CatalogFailure> {
        let (after, limit) = request.rows::<Sku>()?;
        let found = match StockSearch::read(filter) {
            Some(search) => {
                let read =
                    async move |reader: &mut Reader| store::list_stock(reader, &search, after, limit).await;
                self.units.read(read).await?
            }
            None => Vec::new(),
        };
        let page = Page::cut(found, request, |stock| stock.sku.key());
        Ok(page.map(StockView::from))
    }

    pub(crate) async fn get_stock(&self, sku: Sku) -> Result<Stock, CatalogFailure> {
        let read = async move |reader: &mut Reader| store::find_stock(reader, &sku, Holding::Read).await;
        self.units.read(read).await?.ok_or(Failure::NotFound(STOCK))
    }

    /// The changes of a SKU's stock, the newest first.
    pub(crate) async fn list_movements(
        &self,
        sku: Sku,
        request: &PageRequest,
    ) -> Result<Page<MovementView>, CatalogFailure> {
        let (before, limit) = request.rows()?;
        let before = before.unwrap_or(i64::MAX);
        let read =
            async move |reader: &mut Reader| match store::find_stock(reader, &sku, Holding::Read).await? {
                Some(_) => store::list_movements(reader, &sku, before, limit).await.map(Some),
                None => Ok(None),
            };
        let found = self.units.read(read).await?.ok_or(Failure::NotFound(STOCK))?;
        let page = Page::cut(found, request, |movement| movement.number.to_string());
        Ok(page)
    }

    /// Says how many are on hand; the stock after it.
    pub(crate) async fn set_stock(
        &self,
        call: &Call,
        sku: Sku,
        request: SetStock,
        seen: IfMatch,
    ) -> Result<Stock, CatalogFailure> {
        let (on_hand, by) = (OnHand::check(&request)?, call.actor.user_id);
        let changed = Changed::default();
        let (catalog, noted) = (self.clone(), changed.clone());
        let unit = async move |tx: &mut Tx| {
            let stock = held(tx, &sku).await?;
            if !seen.allows(stock.version) {
                return Err(Failure::VersionMismatch);
            }
            match stock
                .set(on_hand, by, catalog.units.now())
                .map_err(Failure::Refused)?
            {
                Some(change) => record(tx, change, &noted).await,
                None => Ok(stock),
            }
        };
        self.changing(&changed, self.units.unit(call, unit)).await
    }

    /// Adds to what is on hand, or takes away from it.
    pub(crate) async fn adjust_stock(
        &self,
        call: &Call,
        sku: Sku,
        request: AdjustStock,
    ) -> Result<JsonAnswer<StockView>, CatalogFailure> {
        let (adjustment, by) = (Adjustment::check(request.clone())?, call.actor.user_id);
        let changed = Changed::default();
        let (catalog, noted) = (self.clone(), changed.clone());
        let unit = async move |tx: &mut Tx| {
            let stock = held(tx, &sku).await?;
            let change = stock.adjust(&adjustment, by, catalog.units.now());
            let stock = record(tx, change.map_err(Failure::Refused)?, &noted).await?;
            Ok(StockView::from(stock))
        };
        let write = self.units.once(call, &request, unit);
        self.changing(&changed, write).await
    }
}

/// The stock as it is now, held until the transaction ends. Times of its changes taken after it are in their order.
async fn held(tx: &mut Tx, sku: &Sku) -> Result<Stock, CatalogFailure> {
    let found = store::find_stock(tx, sku, Holding::ForUpdate).await?;
    found.ok_or(Failure::NotFound(STOCK))
}

/// Writes a change and its event; the stock after it.
async fn record(tx: &mut Tx, change: StockChange, changed: &Changed) -> Result<Stock, CatalogFailure> {
    store::record_change(tx, &change).await?;
    tx.publish(change.event());
    changed.note(Change::Stock(change.stock.product_id));
    Ok(change.stock)
}
