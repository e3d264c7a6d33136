//! Putting things into a cart, and taking them out.

use cart_api::{AddItem, CartToken, SetQuantity};
use kit_db::{StoreError, Tx};
use kit_http::IfMatch;
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_service::Failure;
use kit_values::Sku;

use super::{CartFailure, CartService, PricedCart};
use crate::domain::{Articles, Owner, StoredCart};
use crate::store;

const ITEM: &str = "Item";

impl CartService {
    /// Puts something in, or more of it. A guest without a cart gets one, and its token in the answer.
    pub(crate) async fn add_item(
        &self,
        call: &CallContext,
        owner: Option<Owner>,
        request: AddItem,
    ) -> Result<PricedCart, CartFailure> {
        let mut skus: Vec<_> = self.find(owner.as_ref()).await?.skus().collect();
        if !skus.contains(&request.sku) {
            skus.push(request.sku.clone());
        }
        let articles = self.ask(call, skus).await?;
        let (known, token, now) = (articles.clone(), self.new_token(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            let (owner, before, token) = hold_or_make(tx, owner.clone(), &token, now).await?;
            let mut cart = before.clone();
            let added = cart.add(&request.sku, request.quantity, &articles);
            added.map_err(Failure::Refused)?;
            let cart = store::save_cart(tx, &owner, (&before, cart), now).await?;
            Ok::<_, CartFailure>((cart, token))
        };
        let (cart, token) = self.units.unit(call, unit).await?;
        let mut priced = self.price(call, cart, known).await?;
        priced.view.guest_token = token.map(|token| token.expose());
        Ok(priced)
    }

    /// Says how many of something in the cart there are to be.
    pub(crate) async fn set_item(
        &self,
        call: &CallContext,
        owner: Option<Owner>,
        (sku, request): (Sku, SetQuantity),
        seen: IfMatch,
    ) -> Result<PricedCart, CartFailure> {
        let change = move |cart: &mut StoredCart, articles: &Articles| {
            cart.find(&sku).ok_or(Failure::NotFound(ITEM))?;
            cart.set(&sku, request.quantity, articles)
                .map_err(Failure::Refused)
        };
        self.change(call, owner, seen, change).await
    }

    /// Takes something out.
    pub(crate) async fn remove_item(
        &self,
        call: &CallContext,
        owner: Option<Owner>,
        sku: Sku,
        seen: IfMatch,
    ) -> Result<PricedCart, CartFailure> {
        let change = move |cart: &mut StoredCart, _: &Articles| {
            if cart.remove(&sku) {
                Ok(())
            } else {
                Err(Failure::NotFound(ITEM))
            }
        };
        self.change(call, owner, seen, change).await
    }

    /// Takes everything out, for which the catalog is not needed.
    pub(crate) async fn empty_cart(
        &self,
        call: &CallContext,
        owner: Option<Owner>,
        seen: IfMatch,
    ) -> Result<PricedCart, CartFailure> {
        let change = |cart: &mut StoredCart, _: &Articles| {
            cart.clear();
            Ok(())
        };
        let cart = self.save(call, owner, seen, Articles::default(), change).await?;
        self.price(call, cart, Articles::default()).await
    }

    /// Changes a cart by what the catalog says of its lines; the cart after it, as it is shown.
    async fn change(
        &self,
        call: &CallContext,
        owner: Option<Owner>,
        seen: IfMatch,
        change: impl Fn(&mut StoredCart, &Articles) -> Result<(), CartFailure> + Clone + Send + Sync + 'static,
    ) -> Result<PricedCart, CartFailure> {
        let skus = self.find(owner.as_ref()).await?.skus().collect();
        let articles = self.ask(call, skus).await?;
        let cart = self.save(call, owner, seen, articles.clone(), change).await?;
        self.price(call, cart, articles).await
    }

    /// Changes a cart, if it is what the client has seen; the cart after it.
    async fn save(
        &self,
        call: &CallContext,
        owner: Option<Owner>,
        seen: IfMatch,
        articles: Articles,
        change: impl Fn(&mut StoredCart, &Articles) -> Result<(), CartFailure> + Clone + Send + Sync + 'static,
    ) -> Result<StoredCart, CartFailure> {
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| {
            let before = match &owner {
                Some(owner) => store::find_cart_for_update(tx, owner).await?.unwrap_or_default(),
                None => StoredCart::default(),
            };
            if !seen.allows(before.version) {
                return Err(Failure::VersionMismatch);
            }
            let mut cart = before.clone();
            change(&mut cart, &articles)?;
            match &owner {
                Some(owner) => Ok(store::save_cart(tx, owner, (&before, cart), now).await?),
                None => Ok(cart),
            }
        };
        self.units.unit(call, unit).await
    }
}

/// The cart, held until the transaction ends. Where there is none it is made: a user's, or a guest's with a token that
/// nobody has yet, which is given back then.
async fn hold_or_make(
    tx: &mut Tx,
    owner: Option<Owner>,
    token: &CartToken,
    now: Timestamp,
) -> Result<(Owner, StoredCart, Option<CartToken>), StoreError> {
    let (owner, token) = match owner {
        Some(user @ Owner::User(_)) => (user, None),
        Some(guest @ Owner::Guest(_)) => match store::find_cart_for_update(tx, &guest).await? {
            Some(cart) => return Ok((guest, cart, None)),
            None => (Owner::guest(token), Some(token.clone())),
        },
        None => (Owner::guest(token), Some(token.clone())),
    };
    let cart = store::find_or_insert_cart(tx, &owner, now).await?;
    Ok((owner, cart, token))
}
