//! An order of a guest becomes that of the account whose address the guest gave.
//!
//! An address alone proves nothing. So an order becomes somebody's when they show that the address is theirs after it was
//! placed; or, where they had done so before, once it is paid: what others order with their address stays out of their
//! account until somebody has given money for it.

use kit_db::Tx;
use kit_token::UserId;
use kit_values::EmailAddress;

use super::{OrdersFailure, OrdersService};
use crate::domain::{Order, SagaStep};
use crate::store;

impl OrdersService {
    /// Somebody has shown that an address is theirs.
    pub(crate) async fn email_confirmed_in(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        email: &EmailAddress,
    ) -> Result<(), OrdersFailure> {
        if store::is_deleted(tx, user_id).await? {
            return Ok(());
        }
        store::save_confirmed_address(tx, email, user_id).await?;
        for id in store::list_orders_of_address(tx, email).await? {
            if let Some(order) = store::hold_order(tx, id).await? {
                self.adopt_in(tx, order, user_id).await?;
            }
        }
        Ok(())
    }

    /// An order of a guest was paid.
    pub(super) async fn adopt_paid_in(&self, tx: &mut Tx, order: Order) -> Result<(), OrdersFailure> {
        if order.user_id.is_none()
            && let Some(user_id) = store::find_owner_of_address(tx, order.id).await?
        {
            self.adopt_in(tx, order, user_id).await?;
        }
        Ok(())
    }

    /// Nothing happens to an order that is somebody's already.
    async fn adopt_in(&self, tx: &mut Tx, mut order: Order, user_id: UserId) -> Result<(), OrdersFailure> {
        if order.user_id.is_some() {
            return Ok(());
        }
        order.user_id = Some(user_id);
        self.touch(tx, &mut order).await?;
        let now = self.units().now();
        Ok(store::set_step(tx, (order.id, SagaStep::AssignPayment), None, now).await?)
    }
}
