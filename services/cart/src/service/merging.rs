//! Putting what somebody had in the cart as a guest into their own.

use cart_api::CartToken;
use kit_db::Tx;
use kit_service::{Call, Failure};

use super::{CartFailure, CartService, PricedCart};
use crate::domain::Owner;
use crate::store;

impl CartService {
    /// Puts the guest's cart into the caller's, all of it or nothing; afterwards the guest's is gone. Where there is no
    /// such cart, because it was put there before, expired, or never was, nothing happens.
    pub(crate) async fn merge(
        &self,
        call: &Call,
        guest_token: Option<CartToken>,
    ) -> Result<PricedCart, CartFailure> {
        let user = Owner::User(call.actor.user_id);
        let Some(guest) = guest_token.as_ref().map(Owner::guest) else {
            return self.get_cart(call, Some(&user)).await;
        };
        let (own, others) = (self.find(Some(&user)).await?, self.find(Some(&guest)).await?);
        let new = others.skus().filter(|sku| own.find(sku).is_none());
        let articles = self.ask(call, own.skus().chain(new).collect()).await?;
        let (known, now) = (articles.clone(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            let Some(guests) = store::find_cart_for_update(tx, &guest).await? else {
                let cart = store::find_cart(tx, &user).await?;
                return Ok::<_, CartFailure>(cart.unwrap_or_default());
            };
            store::delete_cart(tx, &guest).await?;
            let before = store::find_or_insert_cart(tx, &user, now).await?;
            let mut cart = before.clone();
            cart.merge(guests, &articles).map_err(Failure::Refused)?;
            Ok(store::save_cart(tx, &user, (&before, cart), now).await?)
        };
        let cart = self.units.unit(call, unit).await?;
        self.price(call, cart, known).await
    }
}
