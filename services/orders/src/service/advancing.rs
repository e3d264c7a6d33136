//! How anything happens to an order.

use kit_db::Tx;
use kit_service::Failure;
use orders_api::OrderId;

use super::{ORDER, OrdersFailure, OrdersService};
use crate::domain::{Change, Order, OrderEvent, SagaStep, Transition, is_final};
use crate::store;

/// What became of an order.
pub(super) enum Advanced {
    /// It happened now; the order after it.
    Now(Order),
    /// It cannot happen to the order as it is, or has happened; the order as it is.
    Not(Order),
}

impl OrdersService {
    /// The order, held until the transaction ends: whatever happens to it meanwhile waits.
    pub(super) async fn held(&self, tx: &mut Tx, id: OrderId) -> Result<Order, OrdersFailure> {
        store::hold_order(tx, id).await?.ok_or(Failure::NotFound(ORDER))
    }

    /// Lets something happen to an order that is held: the one place that changes a status. One conditional update, the
    /// row of its history, its event and its timer are one transaction.
    pub(super) async fn advance(
        &self,
        tx: &mut Tx,
        before: Order,
        transition: &Transition,
        actor: &str,
    ) -> Result<Advanced, OrdersFailure> {
        let Some(change) = before.apply(transition, self.units().now()) else {
            return Ok(Advanced::Not(before));
        };
        let Change {
            mut order,
            entry,
            event,
        } = change;
        if is_final(order.status)
            && let Some(user_id) = order.user_id
            && store::is_deleted(tx, user_id).await?
        {
            order.forget();
            store::delete_guest_order(tx, order.id).await?;
        }
        if !store::update_order(tx, &order, (before.status, before.revision)).await? {
            return Err(Failure::internal("an order changed that is held"));
        }
        store::insert_entry(tx, order.id, &entry, actor).await?;
        if order.status != before.status {
            store::delete_timers(tx, order.id).await?;
            self.set_timer(tx, &order).await?;
            // Only a guest's order has an address of its own.
            if before.email.is_some() {
                self.end_guest_in(tx, &before, &order).await?;
            }
        }
        publish(tx, event);
        Ok(Advanced::Now(order))
    }

    /// What a guest's order leaves with the status that it had.
    async fn end_guest_in(&self, tx: &mut Tx, before: &Order, after: &Order) -> Result<(), OrdersFailure> {
        if before.waits_for_payment() && !after.waits_for_payment() {
            store::release_guest_order(tx, after.id).await?;
        }
        if is_final(after.status) {
            let due_at = after.updated_at.plus(self.0.deps.times.guest);
            store::set_step(tx, (after.id, SagaStep::ForgetGuest), None, due_at).await?;
        }
        Ok(())
    }

    /// What is to be done for an order if nothing else happens to it.
    pub(super) async fn set_timer(&self, tx: &mut Tx, order: &Order) -> Result<(), OrdersFailure> {
        if let Some((step, due_at)) = self.0.deps.times.timer(order) {
            store::set_step(tx, (order.id, step), None, due_at).await?;
        }
        Ok(())
    }
}

pub(super) fn publish(tx: &mut Tx, event: OrderEvent) {
    match event {
        OrderEvent::Created(event) => tx.publish(event),
        OrderEvent::Confirmed(event) => tx.publish(event),
        OrderEvent::Rejected(event) => tx.publish(event),
        OrderEvent::Paid(event) => tx.publish(event),
        OrderEvent::Cancelled(event) => tx.publish(event),
        OrderEvent::Shipped(event) => tx.publish(event),
        OrderEvent::Delivered(event) => tx.publish(event),
        OrderEvent::Refunded(event) => tx.publish(event),
    }
}
