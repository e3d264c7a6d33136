//! What a provider has charged and is not taken for its payment is paid back: staff say so, the provider is asked, and
//! asked again until it has answered. Then nobody has to look at the payment any more.

use fail::fail_point;
use kit_db::{Reader, Tx};
use kit_rpc::CallContext;
use kit_service::Failure;
use orders_api::{PaymentId, RefundId};
use payments_api::{RefundStatus, RefundView};

use super::{PAYMENT, PaymentsFailure, PaymentsService, post, record};
use crate::domain::{HeldCharge, Posting, Refund, RefundDraft, RefundOutcome, RefundRequester};
use crate::store;

const REFUND: PaymentsFailure = Failure::NotFound("Refund");

impl PaymentsService {
    /// Pays back what is held of a payment, or else what was paid. Asked again with the same refund, it answers how far
    /// that is.
    pub(super) async fn refund_held_or_paid(
        &self,
        call: &CallContext,
        id: PaymentId,
        draft: RefundDraft,
    ) -> Result<RefundView, PaymentsFailure> {
        debug_assert_eq!(draft.of, RefundRequester::Payment(id));
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| payments.give_back_in(tx, id, draft).await;
        if !self.units.unit(call, unit).await? {
            return self.refund(call, draft).await;
        }
        let payments = self.clone();
        self.detached("payments.return", async move {
            payments.drive_return(draft.refund_id).await
        })
        .await
    }

    /// Begins to pay back what is held, unless it is begun; false where nothing is.
    async fn give_back_in(
        &self,
        tx: &mut Tx,
        id: PaymentId,
        draft: RefundDraft,
    ) -> Result<bool, PaymentsFailure> {
        let payment = store::find_payment_for_update(tx, id).await?;
        let payment = payment.ok_or(Failure::NotFound(PAYMENT))?;
        if let Some(begun) = store::find_held_charge_of_refund(tx, draft.refund_id).await? {
            return Ok(begun.payment_id == id);
        }
        let is_begun = store::find_refund(tx, draft.refund_id).await?.is_some();
        let Some(held) = store::find_held_charge(tx, id).await?.filter(|_| !is_begun) else {
            return Ok(false);
        };
        // Of a payment that is paid as well, another sum is of what was paid.
        if payment.captured_minor > 0 && draft.amount.is_some_and(|amount| amount != held.amount()) {
            return Ok(false);
        }
        let begun = held.give_back(draft.refund_id, draft.amount, self.units.now());
        store::save_held_charge(tx, &begun.map_err(Failure::Refused)?).await?;
        Ok(true)
    }

    /// Asks the provider to pay it back, unless it is settled.
    async fn drive_return(&self, refund_id: RefundId) -> Result<RefundView, PaymentsFailure> {
        let read = async move |reader: &mut Reader| {
            let Some(held) = store::find_held_charge_of_refund(reader, refund_id).await? else {
                return Ok(None);
            };
            let attempt = store::find_attempt(reader, held.payment_id, held.number).await?;
            Ok(attempt.map(|attempt| (held, attempt)))
        };
        let found = self.units.read(read).await?;
        let (held, attempt) = found.ok_or(REFUND)?;
        let view = held.refund_view(refund_id);
        if view.status != RefundStatus::Pending || !self.is_provider(&attempt.provider) {
            return Ok(view);
        }
        fail_point!("payments::before-refund", |_| Err(Failure::internal("failpoint")));
        let (key, charge_key) = (Refund::key(refund_id), held.key());
        let asked = self.provider.refund(&key, &charge_key, held.amount());
        let outcome = tokio::time::timeout(self.rules.provider_timeout, asked).await;
        fail_point!("payments::after-refund-before-store", |_| Err(Failure::internal(
            "failpoint"
        )));
        self.apply_return_result(refund_id, outcome.unwrap_or(RefundOutcome::Unknown))
            .await
    }

    /// Takes down what a provider says of it.
    pub(super) async fn apply_return_result(
        &self,
        refund_id: RefundId,
        outcome: RefundOutcome,
    ) -> Result<RefundView, PaymentsFailure> {
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| {
            let found = store::find_held_charge_of_refund(tx, refund_id)
                .await?
                .ok_or(REFUND)?;
            let payment = store::find_payment_for_update(tx, found.payment_id).await?;
            let payment = payment.ok_or(REFUND)?;
            // As it is now that its payment is held.
            let held = store::find_held_charge_of_refund(tx, refund_id)
                .await?
                .ok_or(REFUND)?;
            let now = payments.units.now();
            let Some(settled) = held.clone().settle(outcome.clone(), now) else {
                return Ok::<_, PaymentsFailure>(held.refund_view(refund_id));
            };
            store::save_held_charge(tx, &settled).await?;
            if let Some(posting) = Posting::charge_returned(&settled) {
                post(tx, payments.units.new_id(), Some(posting), now).await?;
                let attempt = store::find_attempt(tx, settled.payment_id, settled.number).await?;
                let (step, attempt) = payment.end_dispute(attempt.ok_or(REFUND)?, now);
                store::save_attempt(tx, &attempt).await?;
                record(tx, step).await?;
            }
            Ok(settled.refund_view(refund_id))
        };
        self.units.write(unit).await
    }

    /// Asks the provider again.
    pub(super) async fn take_up_return(self, seen: HeldCharge) -> Result<bool, PaymentsFailure> {
        let (refund_id, now) = (seen.refund_id.ok_or(REFUND)?, self.units.now());
        let unit = async move |tx: &mut Tx| {
            let mut claimed = seen.clone();
            claimed.looked_at(now);
            store::claim_held_charge(tx, &seen, &claimed).await
        };
        if !self.units.write(unit).await? {
            return Ok(false);
        }
        self.drive_return(refund_id).await?;
        Ok(true)
    }
}
