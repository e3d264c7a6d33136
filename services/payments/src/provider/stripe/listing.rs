//! What Stripe says of what it has made, to whoever compares.

use kit_runtime::Timestamp;

use super::Stripe;
use super::api::{Form, StripeFault, encoded};
use super::objects::{List, PaymentIntent, closed};
use super::{StripeCharge, StripeKind};
use crate::domain::{ChargePage, ListedCharge, ProviderBalance};

impl Stripe {
    /// `PaymentIntent`s of a period that are of ours, the newest first; none where it does not say.
    pub(in crate::provider) async fn list_charges(
        &self,
        (from, until): (Timestamp, Timestamp),
        cursor: Option<&str>,
    ) -> Option<ChargePage> {
        // Stripe counts whole seconds.
        let (from, until) = (
            from.as_seconds().to_string(),
            (until.as_seconds() + 1).to_string(),
        );
        let mut query: Form<'_> = vec![
            ("created[gte]", &from),
            ("created[lt]", &until),
            ("limit", "100"),
            ("expand[]", "data.latest_charge"),
        ];
        query.extend(cursor.map(|cursor| ("starting_after", cursor)));
        let path = format!("/v1/payment_intents?{}", encoded(query));
        let page: List<PaymentIntent> = self.0.api.get(&path).await.ok()?;
        let last = page.data.last().filter(|_| page.has_more);
        let next = last.map(|intent| intent.id.clone());
        let charges = page.data.into_iter().filter_map(listed).collect();
        Some(ChargePage { charges, next })
    }

    /// What it has of the charge of a key; none where it does not say.
    pub(in crate::provider) async fn find_balance(&self, key: &str) -> Option<ProviderBalance> {
        self.balance(self.find(key).await.ok()?).await.ok()
    }

    async fn balance(&self, known: Option<StripeCharge>) -> Result<ProviderBalance, StripeFault> {
        let uncharged = |outcome| ProviderBalance {
            outcome,
            refunded_minor: 0,
        };
        let id = match known.and_then(|known| known.kind.zip(known.object_id)) {
            None => return Ok(uncharged(closed())),
            Some((StripeKind::Intent, id)) => id,
            Some((StripeKind::Session, id)) => {
                let mut session = self.get_session(&id).await?;
                match session.payment_intent.take() {
                    Some(id) => id,
                    None => return Ok(uncharged(session.outcome())),
                }
            }
        };
        let path = format!(
            "/v1/payment_intents/{id}?{}",
            encoded(vec![("expand[]", "latest_charge")])
        );
        let intent: PaymentIntent = self.0.api.get(&path).await?;
        Ok(intent.balance().unwrap_or_else(|| uncharged(closed())))
    }
}

/// As far as it is ours and decided. On a hosted page the payer may go on with another card.
fn listed(mut intent: PaymentIntent) -> Option<ListedCharge> {
    let key = intent.metadata.charge.take()?;
    let is_of_checkout = intent.metadata.checkout.is_some();
    let balance = intent.balance()?;
    let is_final = !is_of_checkout || balance.outcome.is_charged();
    (is_final && balance.outcome.is_decided()).then_some(ListedCharge { key, balance })
}
