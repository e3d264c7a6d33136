//! Cart's use cases. What the catalog says is asked before the unit of work; each unit loads a cart and holds it,
//! decides, and saves.

mod changing;
mod contract;
mod expiring;
mod merging;

use std::time::Duration;

use cart_api::{CartRefusal, CartToken, CartView, MOST_LINES};
use catalog_api::{CatalogClient, GetItems};
use kit_db::Reader;
use kit_rpc::CallContext;
use kit_runtime::Ids;
use kit_service::{Failure, Units};
use kit_values::{Currency, Sku};

use crate::domain::{Articles, Owner, StoredCart};
use crate::store;

/// How long it is waited for catalog.
const CATALOG_LIMIT: Duration = Duration::from_secs(3);

/// Why a use case did not do what was asked.
pub(crate) type CartFailure = Failure<CartRefusal>;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct CartService {
    units: Units,
    ids: Ids,
    catalog: CatalogClient,
    /// That of a total of nothing.
    currency: Currency,
}

/// A cart as it is shown.
#[derive(Debug)]
pub(crate) struct PricedCart {
    pub view: CartView,
    pub version: i64,
}

impl CartService {
    pub(crate) fn new(units: Units, ids: Ids, catalog: CatalogClient, currency: Currency) -> Self {
        Self {
            units,
            ids,
            catalog,
            currency,
        }
    }

    /// The cart at the prices of this moment.
    pub(crate) async fn get_cart(
        &self,
        call: &CallContext,
        owner: Option<&Owner>,
    ) -> Result<PricedCart, CartFailure> {
        let cart = self.find(owner).await?;
        self.price(call, cart, Articles::default()).await
    }

    /// A cart as it is stored; an empty one where there is none.
    async fn find(&self, owner: Option<&Owner>) -> Result<StoredCart, CartFailure> {
        let Some(owner) = owner.cloned() else {
            return Ok(StoredCart::default());
        };
        let read = async move |reader: &mut Reader| store::find_cart(reader, &owner).await;
        Ok(self.units.read(read).await?.unwrap_or_default())
    }

    /// What the catalog says of SKUs: not more than it can be asked for at once.
    async fn ask(&self, call: &CallContext, skus: Vec<Sku>) -> Result<Articles, CartFailure> {
        if skus.is_empty() {
            return Ok(Articles::default());
        }
        if skus.len() > MOST_LINES {
            return Err(Failure::Refused(CartRefusal::full()));
        }
        let to_catalog = call.clone().for_service("cart").within(CATALOG_LIMIT);
        let items = self.catalog.get_items(&to_catalog, GetItems { skus }).await?;
        Ok(Articles::new(items.items))
    }

    /// The cart by what is known of its SKUs. What is not known yet, since somebody put it in after the catalog was
    /// asked, is asked for now.
    async fn price(
        &self,
        call: &CallContext,
        cart: StoredCart,
        mut articles: Articles,
    ) -> Result<PricedCart, CartFailure> {
        let unknown = cart.skus().filter(|sku| articles.find(sku).is_none());
        articles.add(self.ask(call, unknown.collect()).await?);
        let view = articles.price(&cart, self.currency).map_err(Failure::internal)?;
        let version = cart.version;
        Ok(PricedCart { view, version })
    }

    /// A token that nobody has.
    fn new_token(&self) -> CartToken {
        CartToken::new(self.ids.random())
    }
}
