//! What owners do with a subscription.

use http::StatusCode;
use kit_db::Tx;
use kit_service::{Call, Failure, JsonAnswer};
use subscriptions_api::{
    CancelSubscription, CheckoutInvoice, EndReason, InvoiceCheckout, InvoiceId, SubscriptionId,
    SubscriptionStatus, SubscriptionView, SubscriptionsRefusal,
};

use super::advancing::Advanced;
use super::reading::may_see;
use super::{SUBSCRIPTION, SubscriptionsFailure, SubscriptionsService};
use crate::domain::BillingEvent;

impl SubscriptionsService {
    /// Gives a subscription up, now or with the period that is paid. One that was given up already is answered as it is.
    pub(crate) async fn cancel_subscription(
        &self,
        call: &Call,
        id: SubscriptionId,
        request: CancelSubscription,
    ) -> Result<JsonAnswer<SubscriptionView>, SubscriptionsFailure> {
        let event = if request.at_period_end {
            BillingEvent::CancelAtPeriodEnd
        } else {
            BillingEvent::CancelNow(EndReason::Requested)
        };
        self.change(call, (id, &request), event, |view| {
            let is_so = view.status == SubscriptionStatus::Cancelled || view.cancel_at_period_end;
            let status = view.status;
            is_so
                .then_some(())
                .ok_or(SubscriptionsRefusal::NotCancellable { status })
        })
        .await
    }

    /// Lets a subscription go on that was to end with its period. One that goes on already is answered as it is.
    pub(crate) async fn resume_subscription(
        &self,
        call: &Call,
        id: SubscriptionId,
    ) -> Result<JsonAnswer<SubscriptionView>, SubscriptionsFailure> {
        self.change(call, (id, &()), BillingEvent::Resume, |view| {
            let is_so = view.status == SubscriptionStatus::Active && !view.cancel_at_period_end;
            let status = view.status;
            is_so
                .then_some(())
                .ok_or(SubscriptionsRefusal::NotResumable { status })
        })
        .await
    }

    /// Lets something happen to a subscription of the caller's; where it cannot, `is_done` says whether it is so already.
    async fn change(
        &self,
        call: &Call,
        (id, request): (SubscriptionId, &(impl serde::Serialize + Sync)),
        event: BillingEvent,
        is_done: fn(&SubscriptionView) -> Result<(), SubscriptionsRefusal>,
    ) -> Result<JsonAnswer<SubscriptionView>, SubscriptionsFailure> {
        let (subscriptions, actor) = (self.clone(), call.actor.clone());
        let unit = async move |tx: &mut Tx| {
            let subscription = subscriptions.held(tx, id).await?;
            if !may_see(&actor, subscription.user_id) {
                return Err(Failure::NotFound(SUBSCRIPTION));
            }
            match subscriptions.advance(tx, subscription, event).await? {
                Advanced::Now(subscription) => Ok(SubscriptionView::from(subscription)),
                Advanced::Not(subscription) => {
                    let view = SubscriptionView::from(subscription);
                    is_done(&view).map_err(Failure::Refused)?;
                    Ok(view)
                }
            }
        };
        let answer = self.units().once(call, request, unit).await?;
        self.wake();
        Ok(answer)
    }

    /// Opens a checkout of an invoice of the caller's; it closes the one before.
    pub(crate) async fn checkout_invoice(
        &self,
        call: &Call,
        id: InvoiceId,
        request: CheckoutInvoice,
    ) -> Result<JsonAnswer<InvoiceCheckout>, SubscriptionsFailure> {
        let opening = async {
            self.get_invoice(call, id).await?;
            let invoice = self.payable(id).await?;
            let opened = self.checkout_of(&invoice, request.return_url.clone()).await?;
            let checkout = InvoiceCheckout {
                checkout_url: opened.checkout_url,
                expires_at: opened.expires_at,
            };
            Ok((StatusCode::OK, checkout))
        };
        self.units().once_with_calls(call, &request, opening).await
    }
}
