//! What becomes of an order when catalog or payments say what they did. Each is the effect of one event, in the
//! transaction of its inbox row. What comes too late finds the order over, and changes nothing.

use kit_db::Tx;
use kit_service::Failure;
use kit_token::UserId;
use kit_values::Money;
use orders_api::{CancelReason, OrderId, OrderStatus, PaymentId, StockShortage};

use super::advancing::Advanced;
use super::{OrdersFailure, OrdersService};
use crate::domain::{Order, SagaStep, Transition};
use crate::store;

const CATALOG: &str = "catalog";
const PAYMENTS: &str = "payments";

impl OrdersService {
    /// Somebody's account is gone, and what their orders say of them with it. What is on its way arrives first.
    pub(crate) async fn user_deleted_in(&self, tx: &mut Tx, user_id: UserId) -> Result<(), OrdersFailure> {
        Ok(store::forget_user(tx, user_id, self.units().now()).await?)
    }

    /// Its stock is held: its payment is to be opened. Others see nothing of that yet.
    pub(crate) async fn stock_reserved_in(&self, tx: &mut Tx, id: OrderId) -> Result<(), OrdersFailure> {
        let held = store::hold_order(tx, id).await?;
        if held.is_some_and(|order| order.status == OrderStatus::Pending) {
            store::delete_timers(tx, id).await?;
            store::set_step(tx, (id, SagaStep::OpenPayment), None, self.units().now()).await?;
        }
        Ok(())
    }

    /// There was not enough of these.
    pub(crate) async fn stock_rejected_in(
        &self,
        tx: &mut Tx,
        id: OrderId,
        shortages: Vec<StockShortage>,
    ) -> Result<(), OrdersFailure> {
        if let Some(order) = store::hold_order(tx, id).await? {
            self.advance(tx, order, &Transition::Reject(shortages), CATALOG)
                .await?;
        }
        Ok(())
    }

    /// It is given up, if it still can be.
    pub(crate) async fn cancel_in(
        &self,
        tx: &mut Tx,
        id: OrderId,
        (reason, actor): (CancelReason, &'static str),
    ) -> Result<(), OrdersFailure> {
        if let Some(order) = store::hold_order(tx, id).await? {
            self.advance(tx, order, &Transition::Cancel(reason), actor)
                .await?;
        }
        Ok(())
    }

    /// Its payment is open: from now on everybody sees that it can be paid.
    pub(super) async fn payment_opened_in(
        &self,
        tx: &mut Tx,
        id: OrderId,
        payment_id: PaymentId,
    ) -> Result<(), OrdersFailure> {
        if let Some(order) = store::hold_order(tx, id).await? {
            self.advance(tx, order, &Transition::Confirm(payment_id), super::ORDERS)
                .await?;
        }
        Ok(())
    }

    /// It is paid. Of an order that is over, payments pay it back by themselves.
    pub(crate) async fn payment_succeeded_in(
        &self,
        tx: &mut Tx,
        id: OrderId,
        (payment_id, amount): (PaymentId, Money),
    ) -> Result<(), OrdersFailure> {
        let Some(order) = store::hold_order(tx, id).await? else {
            return Ok(());
        };
        if amount != order.total {
            return Err(Failure::internal(
                "an order was paid with another amount than its own",
            ));
        }
        let order = self.confirmed(tx, order, payment_id).await?;
        if let Advanced::Now(order) = self.advance(tx, order, &Transition::Pay, PAYMENTS).await? {
            self.adopt_paid_in(tx, order).await?;
        }
        Ok(())
    }

    /// An order that was paid before it was noted that it could be.
    async fn confirmed(
        &self,
        tx: &mut Tx,
        order: Order,
        payment_id: PaymentId,
    ) -> Result<Order, OrdersFailure> {
        let advanced = self
            .advance(tx, order, &Transition::Confirm(payment_id), PAYMENTS)
            .await?;
        let (Advanced::Now(order) | Advanced::Not(order)) = advanced;
        Ok(order)
    }
}
