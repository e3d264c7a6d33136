//! Hosted checkout: an attempt whose payer decides on a page of the provider. Opening another one closes it.

use fail::fail_point;
use http::StatusCode;
use kit_db::Reader;
use kit_http::{FieldError, Holder};
use kit_rpc::CallContext;
use kit_service::{Call, Failure, JsonAnswer};
use orders_api::PaymentId;
use payments_api::{
    CheckoutAction, CheckoutPage, CheckoutView, OpenCheckout, OpenPaymentCheckout, PaymentView,
    PaymentsRefusal,
};

use super::charging::{Beginning, request_key};
use super::{PAYMENT, PROCESSING, PaymentsFailure, PaymentsService};
use crate::domain::{Attempt, AttemptRequest, ChargeOutcome, Payment};
use crate::provider::sandbox::Sandbox;
use crate::provider::{Charge, Provider};
use crate::store;

impl PaymentsService {
    /// Opens a checkout of a payment of the caller.
    pub(crate) async fn open_checkout(
        &self,
        call: &Call<Holder>,
        id: PaymentId,
        request: OpenCheckout,
    ) -> Result<JsonAnswer<CheckoutView>, PaymentsFailure> {
        self.check_return_url(request.return_url.as_deref())?;
        let (payments, calling, return_url) = (self.clone(), call.clone(), request.return_url.clone());
        let work = self.detached("payments.checkout", async move {
            payments.check_holder(id, calling.actor.clone()).await?;
            let asked = (request_key(&calling), return_url);
            let view = payments.checkout(&calling, id, asked).await?;
            Ok((StatusCode::OK, view))
        });
        self.units.once_with_calls(call, &request, work).await
    }

    /// Opens a checkout of a payment for another service.
    pub(crate) async fn open_checkout_of(
        &self,
        call: &CallContext,
        request: OpenPaymentCheckout,
    ) -> Result<CheckoutView, PaymentsFailure> {
        self.check_return_url(request.return_url.as_deref())?;
        let payment = self.find_payment_of(request.payable).await?;
        let payment = payment.ok_or(Failure::NotFound(PAYMENT))?;
        let (payments, calling) = (self.clone(), call.clone());
        self.detached("payments.checkout", async move {
            payments
                .checkout(&calling, payment.id, (None, request.return_url))
                .await
        })
        .await
    }

    fn check_return_url(&self, url: Option<&str>) -> Result<(), PaymentsFailure> {
        let checked = url.map_or(Ok(()), |url| self.rules.origins.check(url));
        checked.map_err(|error| Failure::Invalid(vec![FieldError::new("/return_url", error)]))
    }

    async fn checkout(
        &self,
        call: &CallContext,
        id: PaymentId,
        (request_key, return_url): (Option<String>, Option<String>),
    ) -> Result<CheckoutView, PaymentsFailure> {
        let request = AttemptRequest {
            provider: self.provider.name(),
            request_key,
            is_hosted: true,
        };
        match self.begin(call, id, &request).await? {
            Beginning::Ours(charge, number) => {
                let opened = self.ask_for_page(id, number, (&charge, return_url)).await?;
                opened.ok_or(PROCESSING)
            }
            Beginning::Decided { tried, is_ours: true } => into_checkout(tried.view).ok_or(PROCESSING),
            Beginning::Decided { is_ours: false, .. } => Err(PROCESSING),
            Beginning::Paid(view) => {
                let status = view.status;
                Err(Failure::Refused(PaymentsRefusal::PaymentClosed { status }))
            }
        }
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
    pub(super) async fn close_attempt(&self, id: PaymentId, number: i64) -> Result<(), PaymentsFailure> {
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

    async fn check_holder(&self, id: PaymentId, holder: Holder) -> Result<(), PaymentsFailure> {
        let read = async move |reader: &mut Reader| store::find_payment(reader, id).await;
        let found: Option<Payment> = self.units.read(read).await?;
        let owned = found.filter(|payment| payment.is_held_by(&holder));
        owned.map(drop).ok_or(Failure::NotFound(PAYMENT))
    }

    /// Other providers have pages of their own.
    fn sandbox(&self) -> Result<&Sandbox, PaymentsFailure> {
        match &self.provider {
            Provider::Sandbox(sandbox) => Ok(sandbox),
            Provider::Stripe(_) => Err(Failure::NotFound("Checkout")),
        }
    }
}

/// The page on which the payer is waited for.
fn into_checkout(view: PaymentView) -> Option<CheckoutView> {
    view.next_action.map(|action| CheckoutView {
        checkout_url: action.url,
        expires_at: view.expires_at,
    })
}
