//! Payments are opened for orders and invoices, looked at, and given up with them.

use kit_db::{Reader, Session, StoreError, Tx};
use kit_http::Holder;
use kit_http::extract::{Page, PageRequest};
use kit_rpc::CallContext;
use kit_service::{Call, Failure};
use kit_token::{Role, UserId};
use orders_api::{OrderId, PaymentId};
use payments_api::{Payable, PaymentView, PaymentsRefusal};

use super::{PAYMENT, PaymentsFailure, PaymentsService, record};
use crate::domain::{GivenUp, Payment, PaymentDraft};
use crate::store;

impl PaymentsService {
    /// Opens a payment. Asked again, it answers the same payment; of something that was cancelled before, it is
    /// cancelled.
    pub(crate) async fn open_payment(
        &self,
        call: &CallContext,
        draft: PaymentDraft,
    ) -> Result<PaymentView, PaymentsFailure> {
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| {
            let is_cancelled = store::hold_payable(tx, draft.payable).await?;
            if let Some(payment) = store::find_payment_of(tx, draft.payable).await? {
                return if payment.is_of(&draft) {
                    Ok(view(tx, payment).await?)
                } else {
                    Err(Failure::Refused(PaymentsRefusal::PaymentDiffers))
                };
            }
            let now = payments.units.now();
            let opened = Payment::open(payments.units.new_id(), &draft, now);
            store::insert_payment(tx, &opened.payment).await?;
            if let Some(url) = &draft.callback_url {
                store::insert_callback(tx, opened.payment.id, url).await?;
            }
            let mut payment = record(tx, opened).await?;
            if is_cancelled && let Some(step) = payment.clone().give_up(GivenUp::Cancelled, now) {
                payment = record(tx, step).await?;
            }
            Ok(payment.view(Vec::new()))
        };
        self.units.unit(call, unit).await
    }

    /// The order of a guest has become a user's, and its payment with it.
    pub(crate) async fn assign_payment(
        &self,
        call: &CallContext,
        (order_id, user_id): (OrderId, UserId),
    ) -> Result<(), PaymentsFailure> {
        let unit = async move |tx: &mut Tx| store::assign_payment(tx, order_id, user_id).await;
        Ok(self.units.unit(call, unit).await?)
    }

    pub(crate) async fn find_payment_of(
        &self,
        payable: Payable,
    ) -> Result<Option<PaymentView>, PaymentsFailure> {
        let read = async move |reader: &mut Reader| match store::find_payment_of(reader, payable).await? {
            Some(payment) => view(reader, payment).await.map(Some),
            None => Ok(None),
        };
        Ok(self.units.read(read).await?)
    }

    /// A payment of the caller; staff see each.
    pub(crate) async fn get_payment(
        &self,
        call: &Call<Holder>,
        id: PaymentId,
    ) -> Result<PaymentView, PaymentsFailure> {
        let holder = call.actor.clone();
        let sees_all = match &holder {
            Holder::User(principal) => principal.includes(Role::Staff),
            Holder::Guest(_) => false,
        };
        let read = async move |reader: &mut Reader| {
            let found = store::find_payment(reader, id).await?;
            match found.filter(|payment| sees_all || payment.is_held_by(&holder)) {
                Some(payment) => view(reader, payment).await.map(Some),
                None => Ok(None),
            }
        };
        let found = self.units.read(read).await?;
        found.ok_or(Failure::NotFound(PAYMENT))
    }

    /// The caller's payments, the newest first.
    pub(crate) async fn list_payments(
        &self,
        call: &Call,
        request: &PageRequest,
    ) -> Result<Page<PaymentView>, PaymentsFailure> {
        let (user_id, (before, limit)) = (call.actor.user_id, request.rows()?);
        let read = async move |reader: &mut Reader| {
            let found = store::list_payments(reader, user_id, before, limit).await?;
            views(reader, found).await
        };
        let found = self.units.read(read).await?;
        Ok(Page::cut(found, request, |payment| payment.id.to_string()))
    }

    /// Something is given up: its payment ends, is paid back, or is marked so that a late success is paid back.
    pub(crate) async fn cancel(&self, call: &CallContext, payable: Payable) -> Result<(), PaymentsFailure> {
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| payments.cancel_in(tx, payable).await;
        self.units.unit(call, unit).await?;
        self.wake();
        Ok(())
    }

    /// The same in a transaction.
    pub(crate) async fn cancel_in(&self, tx: &mut Tx, payable: Payable) -> Result<(), StoreError> {
        if store::hold_payable(tx, payable).await? {
            return Ok(());
        }
        store::mark_cancelled(tx, payable).await?;
        let now = self.units.now();
        if let Some(payment) = store::find_payment_of_for_update(tx, payable).await?
            && let Some(step) = payment.give_up(GivenUp::Cancelled, now)
        {
            let payment = record(tx, step).await?;
            store::look_now(tx, payment.id, now).await?;
        }
        Ok(())
    }
}

/// A payment as its owner sees it.
pub(super) async fn view(on: &mut impl Session, payment: Payment) -> Result<PaymentView, StoreError> {
    let attempts = store::list_attempts(on, [payment.id]).await?.remove(&payment.id);
    Ok(payment.view(attempts.unwrap_or_default()))
}

async fn views(on: &mut impl Session, payments: Vec<Payment>) -> Result<Vec<PaymentView>, StoreError> {
    let ids = payments.iter().map(|payment| payment.id).collect::<Vec<_>>();
    let mut attempts = store::list_attempts(on, ids).await?;
    let view = |payment: Payment| {
        let attempts = attempts.remove(&payment.id);
        payment.view(attempts.unwrap_or_default())
    };
    Ok(payments.into_iter().map(view).collect())
}
