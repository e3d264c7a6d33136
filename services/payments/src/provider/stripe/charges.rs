//! Charges: `PaymentIntent`s for payment methods, Checkout Sessions for pages; making, looking up, giving up.

use std::time::Duration;

use kit_db::{StoreError, Tx};
use kit_runtime::Timestamp;

use super::api::{Form, StripeFault};
use super::objects::{
    CHARGE_KEY, CheckoutSession, PaymentIntent, SESSION_CHARGE_KEY, SESSION_MARK, closed, to_stripe,
};
use super::{Stripe, StripeCharge, StripeKind, away};
use crate::domain::ChargeOutcome;
use crate::provider::Charge;
use crate::store;

/// A hosted page of Stripe's lives so long at least and at most, whatever is asked for.
const SHORTEST_SESSION: Duration = Duration::from_mins(31);
const LONGEST_SESSION: Duration = Duration::from_mins(24 * 60 - 1);

impl Stripe {
    pub(in crate::provider) async fn charge(&self, charge: &Charge, method: &str) -> ChargeOutcome {
        let made = self.make_intent(charge, method).await;
        made.unwrap_or_else(StripeFault::into_outcome)
    }

    async fn make_intent(&self, charge: &Charge, method: &str) -> Result<ChargeOutcome, StripeFault> {
        let key = &charge.key;
        let Some((amount, currency)) = to_stripe(charge.amount) else {
            return Ok(not_taken());
        };
        if !self.announce(key, StripeKind::Intent).await? {
            return Ok(closed());
        }
        let form: Form<'_> = vec![
            ("amount", &amount),
            ("currency", &currency),
            ("description", &charge.description),
            (CHARGE_KEY, key),
        ];
        let made: Result<PaymentIntent, StripeFault> =
            self.0.api.post("/v1/payment_intents", Some(key), form).await;
        let intent = self.made(key, made).await?;
        if !self.name(key, &intent.id).await? {
            // Nobody has confirmed it; that it is cancelled is for order's sake.
            let _: Result<ChargeOutcome, StripeFault> = self.close_intent(&intent.id).await;
            return Ok(closed());
        }
        let path = format!("/v1/payment_intents/{}/confirm", intent.id);
        let form: Form<'_> = vec![("payment_method", method), ("return_url", &self.0.return_url)];
        let confirm_key = format!("{key}-confirm");
        match self
            .0
            .api
            .post::<PaymentIntent>(&path, Some(&confirm_key), form)
            .await
        {
            Ok(intent) => Ok(intent.outcome().unwrap_or(UNDECIDED)),
            // Whatever is wrong with it, it must not be charged later.
            Err(StripeFault::Refused { reason }) => match self.close_intent(&intent.id).await? {
                ChargeOutcome::Closed { .. } => Ok(ChargeOutcome::Declined { reason }),
                outcome => Ok(outcome),
            },
            Err(fault) => Err(fault),
        }
    }

    pub(in crate::provider) async fn open_checkout(
        &self,
        charge: &Charge,
        return_url: Option<String>,
    ) -> ChargeOutcome {
        let opened = self.make_session(charge, return_url).await;
        opened.unwrap_or_else(StripeFault::into_outcome)
    }

    async fn make_session(
        &self,
        charge: &Charge,
        return_url: Option<String>,
    ) -> Result<ChargeOutcome, StripeFault> {
        let key = &charge.key;
        let Some((amount, currency)) = to_stripe(charge.amount) else {
            return Ok(not_taken());
        };
        if !self.announce(key, StripeKind::Session).await? {
            return Ok(closed());
        }
        let return_url = return_url.unwrap_or_else(|| self.0.return_url.clone());
        let expires_at = session_end(self.0.units.now(), charge.expires_at)
            .as_seconds()
            .to_string();
        let form: Form<'_> = vec![
            ("mode", "payment"),
            ("line_items[0][quantity]", "1"),
            ("line_items[0][price_data][unit_amount]", &amount),
            ("line_items[0][price_data][currency]", &currency),
            (
                "line_items[0][price_data][product_data][name]",
                &charge.description,
            ),
            ("success_url", &return_url),
            ("cancel_url", &return_url),
            ("expires_at", &expires_at),
            ("client_reference_id", key),
            (CHARGE_KEY, key),
            (SESSION_CHARGE_KEY, key),
            (SESSION_MARK, "1"),
        ];
        let made: Result<CheckoutSession, StripeFault> =
            self.0.api.post("/v1/checkout/sessions", Some(key), form).await;
        let session = self.made(key, made).await?;
        if !self.name(key, &session.id).await? {
            let _: Result<ChargeOutcome, StripeFault> = self.close_session(&session.id).await;
            return Ok(closed());
        }
        Ok(session.outcome())
    }

    pub(in crate::provider) async fn find_charge(&self, key: &str) -> Option<ChargeOutcome> {
        self.look_up(key)
            .await
            .unwrap_or_else(|fault| Some(fault.into_outcome()))
    }

    async fn look_up(&self, key: &str) -> Result<Option<ChargeOutcome>, StripeFault> {
        let Some(known) = self.find(key).await? else {
            return Ok(None);
        };
        match (known.kind, known.object_id) {
            (Some(StripeKind::Intent), Some(id)) => Ok(self.get_intent(&id).await?.outcome()),
            (Some(StripeKind::Session), Some(id)) => Ok(Some(self.get_session(&id).await?.outcome())),
            // It has no name, so nobody was or will be charged unless it gets one.
            _ => Ok(known.closed.then(closed)),
        }
    }

    pub(in crate::provider) async fn close_charge(&self, key: &str) -> ChargeOutcome {
        let closing = self.close(key).await;
        closing.unwrap_or_else(StripeFault::into_outcome)
    }

    async fn close(&self, key: &str) -> Result<ChargeOutcome, StripeFault> {
        let mark = StripeCharge {
            key: key.to_owned(),
            kind: None,
            object_id: None,
            closed: true,
            created_at: self.0.units.now(),
        };
        let unit = async move |tx: &mut Tx| {
            let known = store::insert_stripe_charge(tx, &mark).await?;
            if known.object_id.is_none() {
                store::close_stripe_charge(tx, &known.key).await?;
            }
            Ok::<_, StoreError>(known)
        };
        let known = self.0.units.write(unit).await.map_err(|error| away(&error))?;
        match (known.kind, known.object_id) {
            (Some(StripeKind::Intent), Some(id)) => self.close_intent(&id).await,
            (Some(StripeKind::Session), Some(id)) => self.close_session(&id).await,
            _ => Ok(closed()),
        }
    }

    async fn close_intent(&self, id: &str) -> Result<ChargeOutcome, StripeFault> {
        let path = format!("/v1/payment_intents/{id}/cancel");
        let intent = match self.0.api.post::<PaymentIntent>(&path, None, Form::new()).await {
            // It is not to be cancelled any more; what became of it is asked.
            Err(StripeFault::Refused { .. }) => self.get_intent(id).await?,
            answer => answer?,
        };
        Ok(intent.outcome().unwrap_or(UNDECIDED))
    }

    async fn close_session(&self, id: &str) -> Result<ChargeOutcome, StripeFault> {
        let path = format!("/v1/checkout/sessions/{id}/expire");
        let session = match self.0.api.post::<CheckoutSession>(&path, None, Form::new()).await {
            Err(StripeFault::Refused { .. }) => self.get_session(id).await?,
            answer => answer?,
        };
        Ok(session.outcome())
    }

    async fn get_intent(&self, id: &str) -> Result<PaymentIntent, StripeFault> {
        let found = self.0.api.get(&format!("/v1/payment_intents/{id}")).await;
        found.map_err(StripeFault::of_look_up)
    }

    pub(super) async fn get_session(&self, id: &str) -> Result<CheckoutSession, StripeFault> {
        let found = self.0.api.get(&format!("/v1/checkout/sessions/{id}")).await;
        found.map_err(StripeFault::of_look_up)
    }

    /// What was made; where Stripe refuses to make it, the charge is given up, so that it is not made later.
    async fn made<T>(&self, key: &str, made: Result<T, StripeFault>) -> Result<T, StripeFault> {
        if let Err(StripeFault::Refused { .. } | StripeFault::Declined { .. }) = &made {
            self.close(key).await?;
        }
        made
    }
}

const UNDECIDED: ChargeOutcome = ChargeOutcome::Unknown {
    reason: "the provider has not decided yet",
};

fn not_taken() -> ChargeOutcome {
    ChargeOutcome::Declined {
        reason: "the provider does not take this sum".to_owned(),
    }
}

/// Until when a hosted page is open: as long as the payment where Stripe lets it. One that is open longer is closed with
/// the payment.
fn session_end(now: Timestamp, payment_end: Timestamp) -> Timestamp {
    payment_end
        .max(now.plus(SHORTEST_SESSION))
        .min(now.plus(LONGEST_SESSION))
}

impl StripeFault {
    fn into_outcome(self) -> ChargeOutcome {
        match self {
            Self::Declined { reason } | Self::Refused { reason } => ChargeOutcome::Declined { reason },
            Self::Unknown { reason } => ChargeOutcome::Unknown { reason },
        }
    }

    /// Of something that is there: that it cannot be seen says nothing of what became of it.
    fn of_look_up(self) -> Self {
        match self {
            Self::Declined { reason } | Self::Refused { reason } => {
                tracing::error!(
                    reason,
                    "Stripe does not show what it has made: is it another account's key?"
                );
                Self::unknown("the provider does not show what it has made")
            }
            fault @ Self::Unknown { .. } => fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_open_as_long_as_its_payment_where_stripe_lets_it() {
        let now = Timestamp::from_seconds(1_000_000);
        let of = |span: Duration| session_end(now, now.plus(span)).since(now);
        assert_eq!(of(Duration::from_mins(5)), SHORTEST_SESSION);
        assert_eq!(of(Duration::from_hours(2)), Duration::from_hours(2));
        assert_eq!(of(Duration::from_hours(72)), LONGEST_SESSION);
    }
}
