//! What holds for the orders of guests alone.

use cart_api::CartToken;
use kit_db::{Reader, Tx};
use kit_service::{Failure, JsonAnswer};
use kit_token::{GuestToken, GuestTokenHash};
use orders_api::{OrderId, OrdersRefusal, PlacedOrder};

use super::{OrdersFailure, OrdersService};
use crate::domain::{Guest, Order, is_final};
use crate::store;

impl OrdersService {
    /// The order that a guest's token opens.
    pub(crate) async fn find_order_of_guest(
        &self,
        token: GuestTokenHash,
    ) -> Result<Option<OrderId>, OrdersFailure> {
        let read = async move |reader: &mut Reader| store::find_order_of_guest(reader, token).await;
        Ok(self.units().read(read).await?)
    }

    /// A new order is a guest's, if they may have another that waits to be paid.
    pub(super) async fn receive_guest_in(
        &self,
        tx: &mut Tx,
        order: &Order,
        guest: &Guest,
    ) -> Result<(), OrdersFailure> {
        for (subject, most) in guest.subjects(self.0.deps.guest_limits) {
            if !store::count_guest_order(tx, order.id, (&subject, most)).await? {
                return Err(Failure::Refused(OrdersRefusal::TooManyUnpaid { most }));
            }
        }
        Ok(store::insert_guest_order(tx, order.id, guest).await?)
    }

    /// The answer to a guest who placed an order. Of its token nothing is kept from which it could be made without the
    /// guest's cart token; so it is made again each time that the answer is given.
    pub(super) async fn with_token(
        &self,
        answer: JsonAnswer<PlacedOrder>,
        cart: &CartToken,
    ) -> Result<JsonAnswer<PlacedOrder>, OrdersFailure> {
        let mut placed = answer.value().map_err(Failure::internal)?;
        let id = placed.order.id;
        let read = async move |reader: &mut Reader| store::find_guest_token(reader, id).await;
        let token = self.units().read(read).await?;
        placed.guest_access_token =
            token.map(|(_, salt)| GuestToken::derive(cart.bytes(), salt.as_bytes()).expose());
        answer.with_value(&placed).map_err(Failure::internal)
    }

    /// An order of a guest is long over: what is personal in it goes, and the token with it. One that has become a
    /// user's goes with the account.
    pub(super) async fn forget_guest_in(&self, tx: &mut Tx, id: OrderId) -> Result<(), OrdersFailure> {
        let held = store::hold_order(tx, id).await?;
        if let Some(mut order) = held.filter(|order| order.user_id.is_none() && is_final(order.status)) {
            order.forget();
            self.touch(tx, &mut order).await?;
            store::delete_guest_order(tx, id).await?;
        }
        Ok(())
    }
}
