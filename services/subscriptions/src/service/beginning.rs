//! How a subscription begins, and how its invoices come to be paid.

use fail::fail_point;
use kit_db::{StoreError, Tx};
use kit_http::FieldError;
use kit_rpc::{CallContext, CallError};
use kit_service::Failure;
use kit_values::Money;
use payments_api::{
    CallbackUrl, CheckoutView, CreatePayment, FindPayment, OpenPaymentCheckout, PaymentStatus, PaymentView,
    PaymentsRefusal,
};
use subscriptions_api::{
    CreateSubscription, InvoiceId, InvoiceStatus, SubscriptionPurchase, SubscriptionsRefusal,
};

use super::publishing::{PublishedInvoice, publish_created, publish_issued};
use super::steps::{LEASE, call};
use super::{INVOICE, SubscriptionsFailure, SubscriptionsService};
use crate::domain::{
    BillingEvent, CallbackToken, Invoice, InvoiceDraft, OpenInvoice, Step, Subscription, callback_url,
    number_text,
};
use crate::store;

const LONGEST_PERIOD: u32 = 3_660;
const LONGEST_USERNAME: usize = 255;

impl SubscriptionsService {
    /// Begins a subscription with its first invoice and the payment of that. Asked again, it answers the same one.
    pub(super) async fn begin(
        &self,
        call: &CallContext,
        request: CreateSubscription,
    ) -> Result<SubscriptionPurchase, SubscriptionsFailure> {
        check(&request)?;
        if !self.0.deps.adapters.knows(&request.adapter) {
            return Err(Failure::Refused(SubscriptionsRefusal::UnknownAdapter));
        }
        let invoice_id = self.begin_once(call, &request).await?;
        fail_point!("subscriptions::after-begin-before-open", |_| Err(
            Failure::internal("failpoint")
        ));
        // It is begun, and asking again goes on from here.
        let invoice = self.payable(invoice_id).await.map_err(may_be_done)?;
        let checkout = self.checkout_of(&invoice, None).await.map_err(may_be_done)?;
        let (id, step) = (request.subscription_id, Step::OpenPayment);
        let unit = async move |tx: &mut Tx| store::delete_step(tx, (id, step), Some(invoice_id)).await;
        if let Err(error) = self.units().write(unit).await {
            // Then it is opened once more, which changes nothing.
            tracing::info!(%error, "the step that opens a payment is left where it is");
        }
        Ok(SubscriptionPurchase {
            subscription_id: id,
            invoice_id,
            checkout_url: checkout.checkout_url,
        })
    }

    /// The first invoice of a subscription that is begun now, or was by the same request.
    async fn begin_once(
        &self,
        call: &CallContext,
        request: &CreateSubscription,
    ) -> Result<InvoiceId, SubscriptionsFailure> {
        let (subscriptions, asked) = (self.clone(), request.clone());
        let invoice_id = self.units().new_id();
        let unit = async move |tx: &mut Tx| subscriptions.begin_in(tx, asked.clone(), invoice_id).await;
        let begun = self.units().unit(call, unit).await;
        let Err(Failure::Refused(SubscriptionsRefusal::ServiceExists)) = &begun else {
            return begun;
        };
        // The one that lives may be this one, of a request at the same time.
        match self.find_subscription(request.subscription_id).await? {
            Some(same) => begun_by(&same, request),
            None => begun,
        }
    }

    async fn begin_in(
        &self,
        tx: &mut Tx,
        request: CreateSubscription,
        invoice_id: InvoiceId,
    ) -> Result<InvoiceId, SubscriptionsFailure> {
        if let Some(same) = store::hold_subscription(tx, request.subscription_id).await? {
            return begun_by(&same, &request);
        }
        let now = self.units().now();
        let (mut subscription, draft) = Subscription::begin(request, invoice_id, self.times(), now);
        publish_created(tx, &mut subscription);
        // That of its invoice, which is told of when it has its number.
        subscription.version += 1;
        store::insert_subscription(tx, &subscription)
            .await
            .map_err(to_insert_failure)?;
        self.set_steps(tx, &subscription).await?;
        // Whoever asks opens the payment; where that is cut off, the step does.
        self.issue_in(tx, &subscription, (&draft, now.plus(LEASE)))
            .await?;
        Ok(invoice_id)
    }

    /// Issues the invoice of the next period of a subscription that is held.
    pub(super) async fn renew_in(
        &self,
        tx: &mut Tx,
        mut subscription: Subscription,
    ) -> Result<(), SubscriptionsFailure> {
        let now = self.now_after(&subscription);
        let Some(draft) = subscription.renewal(self.units().new_id(), self.times(), now) else {
            return Ok(());
        };
        let event = BillingEvent::Issued(OpenInvoice {
            id: draft.id,
            due_at: draft.due_at,
        });
        let Some((billing, _)) = subscription.billing.apply(event, now) else {
            return Ok(());
        };
        subscription.billing = billing;
        subscription.updated_at = now;
        subscription.latest_invoice_id = draft.id;
        subscription.version += 1;
        self.save(tx, &mut subscription).await?;
        self.issue_in(tx, &subscription, (&draft, now)).await
    }

    /// Writes an invoice and finalises it, whose payment is to be opened from a moment on. The last thing that is done in
    /// a transaction.
    async fn issue_in(
        &self,
        tx: &mut Tx,
        subscription: &Subscription,
        (draft, open_at): (&InvoiceDraft, kit_runtime::Timestamp),
    ) -> Result<(), SubscriptionsFailure> {
        store::insert_draft(tx, draft).await?;
        let step = (subscription.id, Step::OpenPayment);
        store::set_step(tx, step, Some(draft.id), open_at).await?;
        let number = store::finalise_invoice(tx, draft.id).await?;
        let published = PublishedInvoice {
            id: draft.id,
            number: number_text(number),
            amount: draft.line.amount,
            due_at: draft.due_at,
        };
        publish_issued(tx, subscription, published);
        Ok(())
    }

    /// An invoice that can be paid.
    pub(super) async fn payable(&self, id: InvoiceId) -> Result<Invoice, SubscriptionsFailure> {
        let invoice = self.find_invoice(id).await?.ok_or(Failure::NotFound(INVOICE))?;
        match invoice.status {
            InvoiceStatus::Open => Ok(invoice),
            status => Err(Failure::Refused(SubscriptionsRefusal::InvoiceClosed { status })),
        }
    }

    /// Opens a checkout of an invoice that can be paid, and its payment where that is not open yet.
    pub(super) async fn checkout_of(
        &self,
        invoice: &Invoice,
        return_url: Option<String>,
    ) -> Result<CheckoutView, SubscriptionsFailure> {
        self.open_payment_of(invoice).await?;
        let request = OpenPaymentCheckout {
            payable: invoice.id.into(),
            return_url,
        };
        let opened = self.0.deps.payments.open_checkout(&call(), request).await;
        opened.map_err(|error| match error {
            CallError::Refused(PaymentsRefusal::PaymentProcessing) => {
                Failure::Refused(SubscriptionsRefusal::PaymentProcessing)
            }
            CallError::Refused(PaymentsRefusal::PaymentClosed {
                status: PaymentStatus::Succeeded,
            }) => Failure::Refused(SubscriptionsRefusal::PaymentProcessing),
            CallError::Refused(PaymentsRefusal::PaymentClosed { .. } | PaymentsRefusal::TooManyAttempts) => {
                Failure::Refused(SubscriptionsRefusal::PaymentEnded)
            }
            CallError::Invalid(errors) => Failure::Invalid(errors),
            error => error.into(),
        })
    }

    /// Opens the payment of an invoice. Payments know it by the invoice, so it is opened once.
    pub(super) async fn open_payment_of(
        &self,
        invoice: &Invoice,
    ) -> Result<PaymentView, SubscriptionsFailure> {
        let (payments, id) = (&self.0.deps.payments, invoice.id);
        let asked = FindPayment { payable: id.into() };
        if let Some(open) = payments.find_payment(&call(), asked).await? {
            return Ok(open);
        }
        let token = CallbackToken::of(self.0.deps.ids.random());
        let hash = token.hash();
        let written = hash.clone();
        self.units()
            .write(async move |tx: &mut Tx| store::insert_callback(tx, &written, id).await)
            .await?;
        let request = CreatePayment {
            payable: id.into(),
            user_id: Some(invoice.user_id),
            guest_token: None,
            amount: invoice.total,
            description: invoice.description(),
            expires_at: invoice.payable_until,
            callback_url: Some(CallbackUrl(callback_url(&self.0.deps.public_url, id, &token))),
        };
        let opened = payments.create_payment(&call(), request).await;
        if matches!(opened, Err(CallError::Unavailable)) {
            // Nobody was told the token.
            self.units()
                .write(async move |tx: &mut Tx| store::delete_callback(tx, &hash).await)
                .await?;
        }
        fail_point!("subscriptions::after-open-before-store", |_| Err(
            Failure::internal("failpoint")
        ));
        Ok(opened?)
    }
}

fn begun_by(
    subscription: &Subscription,
    request: &CreateSubscription,
) -> Result<InvoiceId, SubscriptionsFailure> {
    if subscription.is_of(request) {
        Ok(subscription.latest_invoice_id)
    } else {
        Err(Failure::Refused(SubscriptionsRefusal::SubscriptionDiffers))
    }
}

fn to_insert_failure(error: StoreError) -> SubscriptionsFailure {
    if store::is_living_conflict(&error) {
        Failure::Refused(SubscriptionsRefusal::ServiceExists)
    } else {
        error.into()
    }
}

/// Of what went wrong after something was done here already.
fn may_be_done(failure: SubscriptionsFailure) -> SubscriptionsFailure {
    match failure {
        Failure::Unavailable { service, cause } => Failure::Unknown { service, cause },
        Failure::Invalid(errors) => Failure::internal(format!("payments take no such invoice: {errors:?}")),
        failure => failure,
    }
}

fn check(request: &CreateSubscription) -> Result<(), Vec<FieldError>> {
    let mut check = kit_http::Check::new();
    let Money { amount_minor, .. } = request.plan.price;
    if amount_minor <= 0 {
        check.refuse("/plan/price/amount_minor", "must be more than 0");
    }
    if !(1..=LONGEST_PERIOD).contains(&request.plan.duration_days) {
        check.refuse("/plan/duration_days", "must be from 1 to 3660");
    }
    if request.username.is_empty() || request.username.len() > LONGEST_USERNAME {
        check.refuse("/username", "must have 1 to 255 bytes");
    }
    check.finish(|| Some(()))
}
