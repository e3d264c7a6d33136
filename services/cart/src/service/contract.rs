//! What other services ask.

use cart_api::{Cart, CartContents, CartError, ClearCart, GetCart};
use kit_db::Tx;
use kit_rpc::CallContext;

use super::{CartFailure, CartService};
use crate::domain::Owner;
use crate::store;

impl CartService {
    /// Takes out of a cart what was ordered of it, once for each order.
    async fn clear_ordered(&self, call: &CallContext, request: ClearCart) -> Result<(), CartFailure> {
        let (owner, now) = (Owner::from(request.owner.clone()), self.units.now());
        let unit = async move |tx: &mut Tx| {
            if !store::insert_cleared_order(tx, request.order_id, now).await? {
                return Ok(());
            }
            let Some(before) = store::find_cart_for_update(tx, &owner).await? else {
                return Ok(());
            };
            let mut cart = before.clone();
            cart.take_ordered(request.version, &request.items);
            store::save_cart(tx, &owner, (&before, cart), now).await?;
            Ok(())
        };
        self.units.unit(call, unit).await
    }
}

impl Cart for CartService {
    async fn get_cart(&self, _: &CallContext, request: GetCart) -> Result<CartContents, CartError> {
        let found = self.find(Some(&request.owner.into())).await;
        found
            .map(CartContents::from)
            .map_err(CartFailure::into_contract_error)
    }

    async fn clear_cart(&self, call: &CallContext, request: ClearCart) -> Result<(), CartError> {
        let cleared = self.clear_ordered(call, request).await;
        cleared.map_err(CartFailure::into_contract_error)
    }
}
