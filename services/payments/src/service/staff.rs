//! Payments as staff look at them and pay them back.

use http::StatusCode;
use kit_db::{Reader, Session, StoreError, Tx};
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure, JsonAnswer};
use orders_api::{PaymentId, RefundId};
use payments_api::{
    HeldChargeView, HeldStatus, PaymentFilter, PaymentsRefusal, RefundRequest, RefundView, StaffPaymentView,
};

use super::charging::request_key;
use super::{PAYMENT, PaymentsFailure, PaymentsService, record};
use crate::domain::{Payment, Refund, RefundDraft, RefundRequester};
use crate::store;

impl PaymentsService {
    /// All payments that a filter lets through, the newest first.
    pub(crate) async fn list_all_payments(
        &self,
        filter: PaymentFilter,
        request: &PageRequest,
    ) -> Result<Page<StaffPaymentView>, PaymentsFailure> {
        let (before, limit) = request.rows()?;
        let read = async move |reader: &mut Reader| {
            let found = store::list_all_payments(reader, &filter, before, limit).await?;
            staff_views(reader, found).await
        };
        let found = self.units.read(read).await?;
        Ok(Page::cut(found, request, |view| view.payment.id.to_string()))
    }

    pub(crate) async fn get_any_payment(&self, id: PaymentId) -> Result<StaffPaymentView, PaymentsFailure> {
        let read = async move |reader: &mut Reader| {
            let found = store::find_payment(reader, id).await?;
            staff_views(reader, found.into_iter().collect()).await
        };
        let mut found = self.units.read(read).await?;
        found.pop().ok_or(Failure::NotFound(PAYMENT))
    }

    /// Takes the flag off a payment that somebody has looked at. What is held of it has to be paid back first.
    pub(crate) async fn resolve(
        &self,
        call: &Call,
        id: PaymentId,
    ) -> Result<StaffPaymentView, PaymentsFailure> {
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| {
            let payment = store::find_payment_for_update(tx, id).await?;
            let payment = payment.ok_or(Failure::NotFound(PAYMENT))?;
            if payment.flag.is_none() {
                return Err(Failure::Refused(PaymentsRefusal::NotFlagged));
            }
            let held = store::list_held_charges(tx, [id])
                .await?
                .remove(&id)
                .unwrap_or_default();
            if let Some(held) = held.iter().find(|held| held.status != HeldStatus::Returned) {
                let held = held.amount();
                return Err(Failure::Refused(PaymentsRefusal::HeldInWhole { held }));
            }
            let attempt = store::find_attempt(tx, id, payment.attempts).await?;
            let (step, attempt) = payment.end_dispute(attempt.ok_or(Failure::NotFound(PAYMENT))?, now);
            store::save_attempt(tx, &attempt).await?;
            record(tx, step).await?;
            Ok::<_, PaymentsFailure>(())
        };
        self.units.unit(call, unit).await?;
        self.get_any_payment(id).await
    }

    /// Pays back, at once where the provider answers.
    pub(crate) async fn refund_by_staff(
        &self,
        call: &Call,
        id: PaymentId,
        request: RefundRequest,
    ) -> Result<JsonAnswer<RefundView>, PaymentsFailure> {
        let amount = request.amount.map(RefundDraft::check_amount).transpose()?;
        // Sent again after a crash, it finds the refund that it has made.
        let refund_id: RefundId = match request_key(call) {
            Some(key) => Refund::of_request(id, &key),
            None => self.units.new_id(),
        };
        let draft = RefundDraft {
            of: RefundRequester::Payment(id),
            refund_id,
            amount,
        };
        let (payments, calling) = (self.clone(), call.clone());
        let work = async move {
            let refunded = payments.refund_held_or_paid(&calling, id, draft).await?;
            Ok((StatusCode::OK, refunded))
        };
        self.units.once_with_calls(call, &request, work).await
    }
}

async fn staff_views(
    on: &mut impl Session,
    payments: Vec<Payment>,
) -> Result<Vec<StaffPaymentView>, StoreError> {
    let ids: Vec<_> = payments.iter().map(|payment| payment.id).collect();
    let mut attempts = store::list_attempts(on, ids.iter().copied()).await?;
    let mut refunds = store::list_refunds(on, ids.iter().copied()).await?;
    let mut held = store::list_held_charges(on, ids).await?;
    let view = |payment: Payment| {
        let refunds = refunds.remove(&payment.id).unwrap_or_default();
        StaffPaymentView {
            user_id: payment.user_id,
            description: payment.description.clone(),
            captured: payment.money(payment.captured_minor),
            flag: payment.flag,
            difference: attempts
                .get(&payment.id)
                .and_then(|attempts| attempts.iter().find_map(|attempt| attempt.difference.clone())),
            refunds: refunds
                .iter()
                .map(|refund| refund.staff_view(payment.currency))
                .collect(),
            held: {
                let held = held.remove(&payment.id).unwrap_or_default();
                held.into_iter().map(HeldChargeView::from).collect()
            },
            payment: {
                let attempts = attempts.remove(&payment.id);
                payment.view(attempts.unwrap_or_default())
            },
        }
    };
    Ok(payments.into_iter().map(view).collect())
}
