//! What orders does of its own accord: each step may be done as often as it is due, and is done when it says so.

use std::time::Duration;

use catalog_api::ReleaseStock;
use fail::fail_point;
use kit_db::{Reader, Tx};
use kit_rpc::{Actor, CallContext, CallError, Deadline};
use kit_service::{Failure, StepWorker};
use orders_api::{CancelReason, OrderId, OrderRefundStatus, OrderStatus};
use payments_api::{AssignPayment, CreatePayment, FindPayment, PaymentStatus, RefundPayment, RefundStatus};

use super::{ORDERS, OrdersFailure, OrdersService};
use crate::domain::{BACKOFF, DueStep, Order, Refund, SagaStep};
use crate::store;

/// For how long a step is taken. Longer than its calls and transactions may take together.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// How long a peer is waited for.
const PEER_LIMIT: Duration = Duration::from_secs(5);

/// How a step went.
enum Outcome {
    /// There is nothing to be done any more.
    Done,
    /// Whoever was asked does not know yet.
    Later,
}

impl StepWorker for OrdersService {
    type Due = DueStep;
    type Error = OrdersFailure;

    async fn woken(&self) {
        self.0.wake.notified().await;
    }

    async fn claim_due(&self, limit: u32) -> Result<Vec<DueStep>, OrdersFailure> {
        let now = self.units().now();
        let unit = async move |tx: &mut Tx| store::claim_due(tx, now, now.plus(LEASE), limit).await;
        Ok(self.units().write(unit).await?)
    }

    /// Does a step; one that fails, or is not done, is due again after a pause.
    async fn run_step(&self, due: DueStep) {
        let ended = match due.step {
            SagaStep::AwaitStock => self.give_up(due.order_id, CancelReason::StockTimeout).await,
            SagaStep::OpenPayment => self.open_payment(due.order_id).await,
            SagaStep::AwaitPayment => self.await_payment(due.order_id).await,
            SagaStep::ClearCart => self.empty_cart(due.order_id).await,
            SagaStep::Refund => self.ask_refund(&due).await,
            SagaStep::AssignPayment => self.assign_payment(due.order_id).await,
            SagaStep::ForgetGuest => self.forget_guest(due.order_id).await,
        };
        let is_done = match ended {
            Ok(Outcome::Done) => true,
            Ok(Outcome::Later) => false,
            Err(failure) => {
                report(&due, failure);
                false
            }
        };
        if is_done && SagaStep::OF_STATUS.contains(&due.step) {
            // It is over with the status that it was of, and went in the transaction in which that changed.
            return;
        }
        let again_at = self.units().now().plus(self.pause(due.tries));
        let unit = async move |tx: &mut Tx| {
            if is_done {
                store::delete_step(tx, &due).await
            } else {
                store::postpone_step(tx, &due, again_at).await
            }
        };
        if let Err(error) = self.units().write(unit).await {
            // It is due again when its lease is over.
            tracing::warn!(%error, "a step of an order is left where it is");
        }
    }
}

impl OrdersService {
    fn pause(&self, tries: u32) -> Duration {
        BACKOFF.pause(tries, u16::from_le_bytes(self.0.deps.ids.random()))
    }

    /// Gives an order up that waits in vain.
    async fn give_up(&self, id: OrderId, reason: CancelReason) -> Result<Outcome, OrdersFailure> {
        let orders = self.clone();
        self.units()
            .write(async move |tx: &mut Tx| orders.cancel_in(tx, id, (reason, ORDERS)).await)
            .await?;
        Ok(Outcome::Done)
    }

    /// Opens the payment of an order whose stock is held. Payments know it by the order, so it is opened once.
    async fn open_payment(&self, id: OrderId) -> Result<Outcome, OrdersFailure> {
        let Some(order) = self.find_in(id, OrderStatus::Pending).await? else {
            return Ok(Outcome::Done);
        };
        let read = async move |reader: &mut Reader| store::find_guest_token(reader, id).await;
        let guest = match order.email {
            Some(_) => self.units().read(read).await?,
            None => None,
        };
        let times = self.0.deps.times;
        if self.units().now() >= times.stock_ends(&order) {
            // If it was opened without an answer, payments cancel it when they are told.
            return self.give_up(id, CancelReason::StockTimeout).await;
        }
        let request = CreatePayment {
            payable: id.into(),
            user_id: order.user_id,
            guest_token: guest.map(|(token, _)| token),
            amount: order.total,
            description: format!("Order {}", order.number),
            expires_at: times.payment_ends(&order),
            callback_url: None,
        };
        let payment = self.0.deps.payments.create_payment(&call(), request).await?;
        fail_point!("orders::after-open-before-confirm", |_| Err(Failure::internal(
            "failpoint"
        )));
        let orders = self.clone();
        self.units()
            .write(async move |tx: &mut Tx| orders.payment_opened_in(tx, id, payment.id).await)
            .await?;
        Ok(Outcome::Done)
    }

    /// Tells payments whose the order of a guest has become.
    async fn assign_payment(&self, order_id: OrderId) -> Result<Outcome, OrdersFailure> {
        let read = async move |reader: &mut Reader| store::find_order(reader, order_id).await;
        let Some(order) = self.units().read(read).await? else {
            return Ok(Outcome::Done);
        };
        if order.status == OrderStatus::Pending {
            // Its payment may be about to be opened as a guest's.
            return Ok(Outcome::Later);
        }
        if let Some(user_id) = order.user_id {
            let request = AssignPayment { order_id, user_id };
            self.0.deps.payments.assign_payment(&call(), request).await?;
        }
        Ok(Outcome::Done)
    }

    async fn forget_guest(&self, id: OrderId) -> Result<Outcome, OrdersFailure> {
        let orders = self.clone();
        self.units()
            .write(async move |tx: &mut Tx| orders.forget_guest_in(tx, id).await)
            .await?;
        Ok(Outcome::Done)
    }

    /// Asks how the payment of an order ended of which nothing was heard.
    async fn await_payment(&self, id: OrderId) -> Result<Outcome, OrdersFailure> {
        if self.find_in(id, OrderStatus::Confirmed).await?.is_none() {
            return Ok(Outcome::Done);
        }
        let asked = FindPayment { payable: id.into() };
        let found = self.0.deps.payments.find_payment(&call(), asked).await?;
        let Some(payment) = found else {
            return self.give_up(id, CancelReason::PaymentFailed).await;
        };
        match payment.status {
            // It may still be paid, whatever the clock says here.
            PaymentStatus::Open | PaymentStatus::Processing => Ok(Outcome::Later),
            PaymentStatus::Failed | PaymentStatus::Cancelled => {
                self.give_up(id, CancelReason::PaymentFailed).await
            }
            PaymentStatus::Expired => self.give_up(id, CancelReason::PaymentExpired).await,
            PaymentStatus::Succeeded => {
                let (orders, paid) = (self.clone(), (payment.id, payment.amount));
                self.units()
                    .write(async move |tx: &mut Tx| orders.payment_succeeded_in(tx, id, paid).await)
                    .await?;
                Ok(Outcome::Done)
            }
        }
    }

    /// Empties the cart that an order was made of. Cart does it once for an order, however often it is asked.
    async fn empty_cart(&self, id: OrderId) -> Result<Outcome, OrdersFailure> {
        let read = async move |reader: &mut Reader| store::find_order(reader, id).await;
        if let Some(order) = self.units().read(read).await? {
            self.clear_cart(&call(), &order).await?;
            fail_point!("orders::after-clear-before-store", |_| Err(Failure::internal(
                "failpoint"
            )));
        }
        Ok(Outcome::Done)
    }

    /// Asks payments to pay something back, and how far they are with it.
    async fn ask_refund(&self, due: &DueStep) -> Result<Outcome, OrdersFailure> {
        let Some(refund) = self.find_pending_refund(due).await? else {
            return Ok(Outcome::Done);
        };
        let request = RefundPayment {
            payable: refund.order_id.into(),
            refund_id: refund.id,
            amount: refund.amount,
        };
        let status = match self.0.deps.payments.refund_payment(&call(), request).await {
            Ok(view) => view.status,
            Err(CallError::Refused(refusal)) => {
                tracing::warn!(order_id = %refund.order_id, %refusal, "a refund is refused");
                RefundStatus::Failed
            }
            Err(error) => return Err(error.into()),
        };
        fail_point!("orders::after-refund-before-store", |_| Err(Failure::internal(
            "failpoint"
        )));
        let orders = self.clone();
        match status {
            RefundStatus::Pending => return Ok(Outcome::Later),
            RefundStatus::Succeeded => {
                let paid_back = (refund.id, refund.amount);
                let id = refund.order_id;
                self.units()
                    .write(async move |tx: &mut Tx| orders.refund_succeeded_in(tx, id, paid_back).await)
                    .await?;
            }
            RefundStatus::Failed => {
                self.units()
                    .write(async move |tx: &mut Tx| orders.refund_failed_in(tx, &refund).await)
                    .await?;
            }
        }
        Ok(Outcome::Done)
    }

    /// Has catalog let go of what it holds for an order that is not here: nobody else ever would.
    pub(crate) async fn release_unknown(&self, id: OrderId) -> Result<(), OrdersFailure> {
        let read = async move |reader: &mut Reader| store::find_order(reader, id).await;
        if self.units().read(read).await?.is_none() {
            let request = ReleaseStock { order_id: id };
            self.0.deps.catalog.release_stock(&call(), request).await?;
        }
        Ok(())
    }

    async fn find_in(&self, id: OrderId, status: OrderStatus) -> Result<Option<Order>, OrdersFailure> {
        let read = async move |reader: &mut Reader| store::find_order(reader, id).await;
        Ok(self
            .units()
            .read(read)
            .await?
            .filter(|order| order.status == status))
    }

    async fn find_pending_refund(&self, due: &DueStep) -> Result<Option<Refund>, OrdersFailure> {
        let (order_id, refund_id) = (due.order_id, due.refund_id);
        let read = async move |reader: &mut Reader| {
            let (Some(order), Some(id)) = (store::find_order(reader, order_id).await?, refund_id) else {
                return Ok(None);
            };
            store::find_refund(reader, &order, id).await
        };
        let found = self.units().read(read).await?;
        Ok(found.filter(|refund| refund.status == OrderRefundStatus::Pending))
    }
}

fn call() -> CallContext {
    CallContext::new(Actor::Service(ORDERS.into()), Deadline::after(PEER_LIMIT))
}

/// A peer that is away is no news the second time; a defect is each time.
fn report(due: &DueStep, failure: OrdersFailure) {
    let (order_id, step, tries) = (due.order_id, due.step, due.tries);
    match failure {
        Failure::Unavailable { .. } | Failure::Unknown { .. } => {
            tracing::info!(%order_id, %step, tries, %failure, "a step is tried again");
        }
        failure => {
            let cause = &failure as &dyn std::error::Error;
            tracing::error!(%order_id, %step, tries, cause, "a step failed and is tried again");
        }
    }
}
