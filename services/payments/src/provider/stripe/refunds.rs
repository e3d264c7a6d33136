//! Refunds.

use kit_values::Money;

use super::api::{Form, StripeFault};
use super::objects::{List, REFUND_KEY, StripeRefund, to_stripe};
use super::{Stripe, StripeKind};
use crate::domain::RefundOutcome;

impl Stripe {
    pub(in crate::provider) async fn refund(
        &self,
        key: &str,
        charge_key: &str,
        amount: Money,
    ) -> RefundOutcome {
        match self.make_refund(key, charge_key, amount).await {
            Ok(outcome) => outcome,
            Err(StripeFault::Refused { reason } | StripeFault::Declined { reason }) => {
                RefundOutcome::Refused { reason }
            }
            Err(StripeFault::Unknown { .. }) => RefundOutcome::Unknown,
        }
    }

    async fn make_refund(
        &self,
        key: &str,
        charge_key: &str,
        amount: Money,
    ) -> Result<RefundOutcome, StripeFault> {
        let nothing = |reason: &str| StripeFault::Refused {
            reason: reason.to_owned(),
        };
        let known = self.find(charge_key).await?;
        let intent = match known.and_then(|known| known.kind.zip(known.object_id)) {
            Some((StripeKind::Intent, id)) => id,
            Some((StripeKind::Session, id)) => {
                let session = self.get_session(&id).await?;
                session
                    .payment_intent
                    .ok_or_else(|| nothing("the checkout is not paid"))?
            }
            None => return Err(nothing("there is no such charge")),
        };
        // Stripe forgets idempotency keys after a day, and what it has refunded never.
        let path = format!("/v1/refunds?payment_intent={intent}&limit=100");
        let made: List<StripeRefund> = self.0.api.get(&path).await?;
        let is_ours = |refund: &StripeRefund| refund.metadata.refund.as_deref() == Some(key);
        if let Some(refund) = made.data.into_iter().find(is_ours) {
            return Ok(refund.outcome());
        }
        let (minor, _) = to_stripe(amount).ok_or_else(|| nothing("the sum cannot be written"))?;
        let form: Form<'_> = vec![("payment_intent", &intent), ("amount", &minor), (REFUND_KEY, key)];
        let refund: StripeRefund = self.0.api.post("/v1/refunds", Some(key), form).await?;
        Ok(refund.outcome())
    }
}
