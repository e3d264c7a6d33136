//! What was left half-done is taken up: payments whose time is over, attempts whose provider did not say what became of
//! them, refunds, webhooks. Each is claimed before its provider is asked, so that processes share the work.

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use kit_db::{Reader, StoreError, Tx};
use orders_api::PaymentId;
use payments_api::AttemptStatus;

use super::{PaymentsFailure, PaymentsService, record};
use crate::domain::{Attempt, ChargeOutcome, GivenUp, Refund};
use crate::store;

/// How many are taken up together, and for how many of them a provider is asked at once.
const BATCH: i64 = 100;
const AT_ONCE: usize = 8;

impl PaymentsService {
    /// Takes up what is overdue; how many pieces of work it was.
    pub(crate) async fn take_up_overdue(&self) -> Result<usize, PaymentsFailure> {
        let now = self.units.now();
        let read = async move |reader: &mut Reader| {
            Ok((
                store::list_overdue(reader, now, BATCH).await?,
                store::list_due_attempts(reader, now, BATCH).await?,
                store::list_due_refunds(reader, now, BATCH).await?,
                store::list_due_webhook_events(reader, now, BATCH).await?,
                store::list_due_held_charges(reader, now, BATCH).await?,
                store::list_due_callbacks(reader, now, BATCH).await?,
            ))
        };
        let (payments, attempts, refunds, webhooks, held, callbacks) = self.units.read(read).await?;
        let this = || self.clone();
        let expiring = payments.into_iter().map(|id| this().expire(id).boxed());
        let looking = attempts
            .into_iter()
            .map(|attempt| this().look_up(attempt).boxed());
        let refunding = refunds
            .into_iter()
            .map(|refund| this().take_up_refund(refund).boxed());
        let applying = webhooks
            .into_iter()
            .map(|event| this().apply_webhook(event).boxed());
        let returning = held.into_iter().map(|held| this().take_up_return(held).boxed());
        let refunding = refunding.chain(returning);
        let calling = callbacks
            .into_iter()
            .map(|callback| this().call_back(callback).boxed());
        let applying = applying.chain(calling);
        let work: Vec<BoxFuture<'static, Result<bool, PaymentsFailure>>> =
            expiring.chain(looking).chain(refunding).chain(applying).collect();
        let mut outcomes = futures::stream::iter(work).buffer_unordered(AT_ONCE);
        let mut done = 0;
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(is_done) => done += usize::from(is_done),
                // One that fails must not keep the others from it.
                Err(failure) => {
                    let cause = &failure as &dyn std::error::Error;
                    tracing::warn!(cause, "what is overdue is taken up later");
                }
            }
        }
        Ok(done)
    }

    /// Ends a payment whose time is over, or marks it where an attempt is under way.
    async fn expire(self, id: PaymentId) -> Result<bool, PaymentsFailure> {
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| {
            let found = store::find_payment_for_update(tx, id).await?;
            let overdue = found.filter(|payment| payment.expires_at <= now);
            let Some(step) = overdue.and_then(|payment| payment.give_up(GivenUp::Expired, now)) else {
                return Ok::<_, StoreError>(false);
            };
            record(tx, step).await?;
            store::look_now(tx, id, now).await?;
            Ok(true)
        };
        Ok(self.units.write(unit).await?)
    }

    /// Asks the provider what became of an attempt.
    async fn look_up(self, seen: Attempt) -> Result<bool, PaymentsFailure> {
        let (id, number, key) = (seen.payment_id, seen.number, seen.key());
        let is_unsent = seen.status == AttemptStatus::Created;
        let is_ours = self.is_provider(&seen.provider);
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| {
            let mut claimed = seen.clone();
            claimed.looked_at(now);
            if !store::claim_attempt(tx, &seen, &claimed).await? {
                return Ok::<_, StoreError>(None);
            }
            store::find_payment(tx, id).await
        };
        let claimed = self.units.write(unit).await?;
        let Some(payment) = claimed else { return Ok(false) };
        if !is_ours {
            return Ok(true);
        }
        let asking = async {
            // Nobody waits for it any more, or it was never sent: it must not be made afterwards.
            if is_unsent || payment.given_up.is_some() {
                return self.provider.close_charge(&key).await;
            }
            match self.provider.find_charge(&key).await {
                Some(outcome) => outcome,
                // It did not arrive, and must not do so later.
                None => self.provider.close_charge(&key).await,
            }
        };
        let outcome = self.in_time(asking).await;
        if !matches!(outcome, ChargeOutcome::Unknown { .. }) {
            self.apply_provider_result(id, number, outcome).await?;
        }
        Ok(true)
    }

    /// Asks the provider for a refund.
    async fn take_up_refund(self, seen: Refund) -> Result<bool, PaymentsFailure> {
        let (id, now) = (seen.id, self.units.now());
        let unit = async move |tx: &mut Tx| {
            let mut claimed = seen.clone();
            claimed.looked_at(now);
            store::claim_refund(tx, &seen, &claimed).await
        };
        if !self.units.write(unit).await? {
            return Ok(false);
        }
        self.drive_refund(id).await?;
        Ok(true)
    }
}
