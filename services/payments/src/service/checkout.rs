//! Hosted checkout: an attempt whose payer decides on a page of the provider. Opening another one closes it.

use fail::fail_point;
use http::StatusCode;
use kit_db::Tx;
use kit_http::{FieldError, Holder};
use kit_service::{Call, Failure, JsonAnswer};
use orders_api::PaymentId;
use payments_api::{CheckoutAction, CheckoutPage, CheckoutView, OpenCheckout, PaymentView, PaymentsRefusal};

use super::charging::{Begun, request_key};
use super::{PAYMENT, PaymentsFailure, PaymentsService};
use crate::domain::{Attempt, ChargeOutcome};
use crate::provider::sandbox::Sandbox;
use crate::provider::{Charge, Provider};
use crate::store;

/// How often a checkout that somebody else has just opened is closed to open this one.
const MOST_ROUNDS: usize = 5;

impl PaymentsService {
    /// Opens a checkout of a payment of the caller.
    pub(crate) async fn open_checkout(
        &self,
        call: &Call<Holder>,
        id: PaymentId,
        request: OpenCheckout,
    ) -> Result<JsonAnswer<CheckoutView>, PaymentsFailure> {
        if let Some(url) = &request.return_url {
            let checked = self.rules.origins.check(url);
            checked.map_err(|error| Failure::Invalid(vec![FieldError::new("/return_url", error)]))?;
        }
        let (payments, calling, return_url) = (self.clone(), call.clone(), request.return_url.clone());
        let work = self.detached("payments.checkout", async move {
            let view = payments.checkout(&calling, id, return_url).await?;
            Ok((StatusCode::OK, view))
        });
        self.units.once_with_calls(call, &request, work).await
    }

    async fn checkout(
        &self,
        call: &Call<Holder>,
        id: PaymentId,
        return_url: Option<String>,
    ) -> Result<CheckoutView, PaymentsFailure> {
        for _ in 0..MOST_ROUNDS {
            let (payments, holder, request_key) = (self.clone(), call.actor.clone(), request_key(call));
            let unit = async move |tx: &mut Tx| {
                is_owned(tx, id, &holder).await?;
                payments.begin_in(tx, id, request_key.clone()).await
            };
            let (number, is_ours) = match self.units.unit(call, unit).await? {
                Begun::Ours(charge, number) => {
                    let opened = self
                        .ask_for_page(id, number, (&charge, return_url.clone()))
                        .await?;
                    return opened.ok_or(PROCESSING);
                }
                Begun::Running { number, is_ours } => (number, is_ours),
                Begun::Done(view) => {
                    let status = view.status;
                    return Err(Failure::Refused(PaymentsRefusal::PaymentClosed { status }));
                }
            };
            let tried = self.await_attempt(call, id, number).await?;
            let attempt = tried.view.attempts.last();
            let can_close = attempt.is_some_and(|attempt| self.is_provider(&attempt.provider));
            match into_checkout(tried.view) {
                Some(view) if is_ours => return Ok(view),
                Some(_) if can_close => self.close_attempt(id, number).await?,
                Some(_) => return Err(PROCESSING),
                None if is_ours || tried.decline.is_none() => return Err(PROCESSING),
                None => {}
            }
        }
        Err(PROCESSING)
    }

    async fn ask_for_page(
        &self,
        id: PaymentId,
        number: i64,
        (charge, return_url): (&Charge, Option<String>),
    ) -> Result<Option<CheckoutView>, PaymentsFailure> {
        if !self.dispatch(id, number).await? {
            return Ok(None);
        }
        let opening = self.provider.open_checkout(charge, return_url);
        let outcome = self.in_time(opening).await;
        fail_point!("payments::after-charge-before-store", |_| Err(Failure::internal(
            "failpoint"
        )));
        let tried = self.apply_provider_result(id, number, outcome).await?;
        Ok(into_checkout(tried.view))
    }

    /// Closes an attempt that waits for its payer, unless it is decided meanwhile.
    async fn close_attempt(&self, id: PaymentId, number: i64) -> Result<(), PaymentsFailure> {
        let key = Attempt::key_of(id, number);
        let outcome = self.in_time(self.provider.close_charge(&key)).await;
        match outcome {
            ChargeOutcome::Unknown { .. } => Err(PROCESSING),
            outcome => self.apply_provider_result(id, number, outcome).await.map(drop),
        }
    }

    /// What a page of the sandbox shows.
    pub(crate) async fn checkout_page(&self, token: &str) -> Result<CheckoutPage, PaymentsFailure> {
        self.sandbox()?.page(token).await
    }

    /// Decides a page of the sandbox. The payer's browser comes back here afterwards, so the provider is asked at once
    /// what became of it; it says so by a webhook as well.
    pub(crate) async fn decide_checkout(
        &self,
        token: &str,
        action: CheckoutAction,
    ) -> Result<CheckoutPage, PaymentsFailure> {
        let (page, key) = self.sandbox()?.decide(token, action).await?;
        fail_point!("payments::after-page-before-return", |_| Err(Failure::internal(
            "failpoint"
        )));
        if let Some((id, number)) = Attempt::of_key(&key)
            && let Some(outcome) = self.provider.find_charge(&key).await
        {
            self.apply_provider_result(id, number, outcome).await?;
        }
        Ok(page)
    }

    /// Other providers have pages of their own.
    fn sandbox(&self) -> Result<&Sandbox, PaymentsFailure> {
        match &self.provider {
            Provider::Sandbox(sandbox) => Ok(sandbox),
            Provider::Stripe(_) => Err(Failure::NotFound("Checkout")),
        }
    }
}

const PROCESSING: PaymentsFailure = Failure::Refused(PaymentsRefusal::PaymentProcessing);

async fn is_owned(tx: &mut Tx, id: PaymentId, holder: &Holder) -> Result<(), PaymentsFailure> {
    let found = store::find_payment(tx, id).await?;
    let owned = found.filter(|payment| payment.is_held_by(holder));
    owned.map(drop).ok_or(Failure::NotFound(PAYMENT))
}

/// The page on which the payer is waited for.
fn into_checkout(view: PaymentView) -> Option<CheckoutView> {
    view.next_action.map(|action| CheckoutView {
        checkout_url: action.url,
        expires_at: view.expires_at,
    })
}
