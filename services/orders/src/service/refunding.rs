//! Paying an order back.
//!
//! A refund is a row before it is asked for, and counts from then on: two at once never come to more than was paid. The
//! worker asks payments for it until they say how it ended, by its identifier, so that it happens once.

use kit_db::Tx;
use kit_service::{Call, Failure, JsonAnswer};
use kit_values::Money;
use orders_api::{OrderId, OrderRefundStatus, OrderStatus, OrderView, RefundId, RefundOrder};

use super::advancing::Advanced;
use super::changing::details;
use super::{OrdersFailure, OrdersService};
use crate::domain::{DueStep, Order, PaidBack, Refund, RefundRequest, SagaStep, Transition};
use crate::store;

/// Who paid back what nobody here asked for.
const PAYMENTS: &str = "payments";

impl OrdersService {
    /// Asks to pay an order back, in whole or in part.
    pub(crate) async fn refund_order(
        &self,
        call: &Call,
        id: OrderId,
        request: RefundOrder,
    ) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
        let asked = RefundRequest::check(&request)?;
        let (orders, actor) = (self.clone(), call.actor.user_id.to_string());
        let unit = async move |tx: &mut Tx| {
            let mut order = orders.held(tx, id).await?;
            let refunds = store::list_refunds(tx, &order).await?;
            let (amount, items) = asked.decide(&order, &refunds).map_err(Failure::Refused)?;
            let refund = Refund {
                id: orders.units().new_id(),
                order_id: id,
                amount,
                status: OrderRefundStatus::Pending,
                items,
                actor: actor.clone(),
                created_at: orders.units().now(),
            };
            store::insert_refund(tx, &refund).await?;
            orders.touch(tx, &mut order).await?;
            store::set_step(tx, (id, SagaStep::Refund), Some(refund.id), refund.created_at).await?;
            Ok(details(tx, order).await?.into())
        };
        let answer = self.units().once(call, &request, unit).await;
        self.wake();
        answer
    }

    /// Payments have paid something back. What was asked for here is done by it; what was not, such as what payments
    /// pay back by themselves after an order was given up, is noted as it comes. Each refund counts once.
    pub(crate) async fn refund_succeeded_in(
        &self,
        tx: &mut Tx,
        order_id: OrderId,
        (refund_id, amount): (RefundId, Money),
    ) -> Result<(), OrdersFailure> {
        let Some(order) = store::hold_order(tx, order_id).await? else {
            return Ok(());
        };
        let known = store::find_refund(tx, &order, refund_id).await?;
        if known
            .as_ref()
            .is_some_and(|refund| refund.status == OrderRefundStatus::Succeeded)
        {
            return Ok(());
        }
        let refund = known.clone().unwrap_or_else(|| Refund {
            id: refund_id,
            order_id,
            amount,
            status: OrderRefundStatus::Succeeded,
            items: Vec::new(),
            actor: PAYMENTS.to_owned(),
            created_at: self.units().now(),
        });
        let transition = Transition::Refund(paid_back(&order, &refund));
        let Advanced::Now(_) = self.advance(tx, order, &transition, &refund.actor).await? else {
            return Err(Failure::internal(
                "something was paid back for an order that was not paid",
            ));
        };
        match known {
            Some(_) => store::set_refund_status(tx, refund_id, OrderRefundStatus::Succeeded).await?,
            None => store::insert_refund(tx, &refund).await?,
        }
        store::delete_step(tx, &refund_step(&refund)).await?;
        Ok(())
    }

    /// Payments refuse a refund for good: what it was for can be refunded anew.
    pub(super) async fn refund_failed_in(&self, tx: &mut Tx, refund: &Refund) -> Result<(), OrdersFailure> {
        let mut order = self.held(tx, refund.order_id).await?;
        let known = store::find_refund(tx, &order, refund.id).await?;
        if known.is_some_and(|known| known.status == OrderRefundStatus::Pending) {
            store::set_refund_status(tx, refund.id, OrderRefundStatus::Failed).await?;
            self.touch(tx, &mut order).await?;
        }
        store::delete_step(tx, &refund_step(refund)).await?;
        Ok(())
    }
}

fn paid_back(order: &Order, refund: &Refund) -> PaidBack {
    let sum = order.refunded.checked_add(refund.amount);
    PaidBack {
        refund_id: refund.id,
        amount: refund.amount,
        items: refund.items.clone(),
        // One that was given up is not `refunded` by it.
        is_whole: sum == Ok(order.total) && order.status != OrderStatus::Cancelled,
    }
}

fn refund_step(refund: &Refund) -> DueStep {
    DueStep {
        order_id: refund.order_id,
        step: SagaStep::Refund,
        refund_id: Some(refund.id),
        tries: 0,
    }
}
