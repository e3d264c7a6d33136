//! Paying back: written down first, asked of the provider then, and taken up again until it has answered.

use fail::fail_point;
use kit_db::{Reader, Tx};
use kit_rpc::CallContext;
use kit_service::Failure;
use orders_api::RefundId;
use payments_api::{PaymentsRefusal, RefundView};

use super::{PAYMENT, PaymentsFailure, PaymentsService};
use crate::domain::{Refund, RefundDraft, RefundOutcome, RefundRequester};
use crate::store;

impl PaymentsService {
    /// Pays back what was paid. Asked again with the same refund, it answers how far that is.
    pub(crate) async fn refund(
        &self,
        call: &CallContext,
        draft: RefundDraft,
    ) -> Result<RefundView, PaymentsFailure> {
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| payments.refund_in(tx, draft).await;
        self.units.unit(call, unit).await?;
        let payments = self.clone();
        self.detached("payments.refund", async move {
            payments.drive_refund(draft.refund_id).await
        })
        .await
    }

    /// Writes a refund down, unless it is.
    async fn refund_in(&self, tx: &mut Tx, draft: RefundDraft) -> Result<(), PaymentsFailure> {
        let payment = match draft.of {
            RefundRequester::Payable(payable) => {
                let found = store::find_payment_of_for_update(tx, payable).await?;
                found.ok_or(Failure::Refused(PaymentsRefusal::NotPaid))?
            }
            RefundRequester::Payment(id) => {
                let found = store::find_payment_for_update(tx, id).await?;
                found.ok_or(Failure::NotFound(PAYMENT))?
            }
        };
        if let Some(refund) = store::find_refund(tx, draft.refund_id).await? {
            let amount = payment.money(refund.amount_minor);
            let is_same = refund.payment_id == payment.id && draft.amount.is_none_or(|asked| asked == amount);
            return is_same
                .then_some(())
                .ok_or(Failure::Refused(PaymentsRefusal::RefundDiffers));
        }
        let most = payment.refundable();
        let amount = draft.amount.unwrap_or(most);
        if payment.currency != amount.currency || draft.amount.is_none() && most.amount_minor == 0 {
            return Err(Failure::Refused(if payment.captured_minor == 0 {
                PaymentsRefusal::NotPaid
            } else {
                PaymentsRefusal::RefundExceedsPayment { most }
            }));
        }
        let begun = payment.refund(draft.refund_id, amount, self.units.now());
        let (payment, mut refund) = begun.map_err(Failure::Refused)?;
        // This request asks the provider itself.
        refund.looked_at(self.units.now());
        store::save_payment(tx, &payment).await?;
        store::insert_refund(tx, &refund).await?;
        Ok(())
    }

    /// Asks the provider for a refund, unless it is settled.
    pub(crate) async fn drive_refund(&self, id: RefundId) -> Result<RefundView, PaymentsFailure> {
        let read = async move |reader: &mut Reader| {
            let Some(refund) = store::find_refund(reader, id).await? else {
                return Ok(None);
            };
            let payment = store::find_payment(reader, refund.payment_id).await?;
            let attempt = store::find_captured_attempt(reader, refund.payment_id).await?;
            Ok(payment
                .zip(attempt)
                .map(|(payment, attempt)| (payment, attempt, refund)))
        };
        let found = self.units.read(read).await?;
        let (payment, attempt, refund) = found.ok_or(Failure::NotFound("Refund"))?;
        let amount = payment.money(refund.amount_minor);
        if !refund.is_pending() {
            return Ok(refund.view(amount));
        }
        if !self.is_provider(&attempt.provider) {
            return Ok(refund.view(amount));
        }
        fail_point!("payments::before-refund", |_| Err(Failure::internal("failpoint")));
        let (key, charge_key) = (Refund::key(id), attempt.key());
        let asked = self.provider.refund(&key, &charge_key, amount);
        let outcome = tokio::time::timeout(self.rules.provider_timeout, asked).await;
        fail_point!("payments::after-refund-before-store", |_| Err(Failure::internal(
            "failpoint"
        )));
        self.apply_refund_result(id, outcome.unwrap_or(RefundOutcome::Unknown))
            .await
    }
}
