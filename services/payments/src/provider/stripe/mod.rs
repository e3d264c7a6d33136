//! The provider `stripe`: `PaymentIntent`s for payment methods (`pm_…`), Checkout Sessions for hosted pages, refunds.
//!
//! **Nothing is charged before we know its name.** A `PaymentIntent` is made first, which charges nothing; how Stripe has
//! named it is written beside our key; only then it is confirmed. So what became of a charge can always be looked up, for
//! ever and not for as long as Stripe remembers idempotency keys, and a charge whose name was never written is given up
//! without asking anybody. Stripe itself decides between a confirmation and a cancellation that meet. The address of a
//! hosted page is handed out on the same terms.
//!
//! What is posted has an idempotency key made of the payment and the attempt's number. Cancelling and expiring have none:
//! they may be repeated, and an answer that Stripe remembers would be an old one.

mod api;
mod charges;
mod listing;
mod objects;
mod refunds;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::hmac;
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::Full;
use kit_config::BaseUrl;
use kit_db::{Reader, StoreError, Tx};
use kit_rpc::pool::Upstream;
use kit_runtime::{Secret, Timestamp};
use kit_service::Units;
use kit_values::words;

use super::WebhookFault;
use crate::store;

use api::{Api, StripeFault};
pub(super) use webhooks::read as read_webhook;

/// Stripe's longest name of an event.
const LONGEST_EVENT_ID: usize = 255;

words! {
    /// What a charge is at Stripe.
    pub(crate) enum StripeKind {
        Intent = "payment_intent",
        Session = "checkout_session",
    }
}

/// By which name Stripe knows a charge of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StripeCharge {
    pub key: String,
    /// None where it was given up before it was asked for.
    pub kind: Option<StripeKind>,
    /// None until Stripe has said it.
    pub object_id: Option<String>,
    /// Given up before Stripe had said it.
    pub closed: bool,
    pub created_at: Timestamp,
}

/// The provider. A cheap handle.
#[derive(Clone)]
pub(crate) struct Stripe(Arc<Inner>);

struct Inner {
    units: Units,
    api: Api,
    return_url: String,
    webhook_keys: Vec<hmac::Key>,
}

/// How we are known at Stripe.
pub(crate) struct StripeSettings<'a> {
    pub secret_key: &'a Secret<String>,
    pub api_version: &'a str,
    pub webhook_secrets: &'a [Secret<String>],
    /// To where payers return where nobody says otherwise.
    pub return_url: String,
    /// How long an answer is waited for.
    pub patience: Duration,
}

impl Stripe {
    pub(crate) fn new(
        units: Units,
        (server, url): (Upstream<Full<Bytes>>, &BaseUrl),
        settings: StripeSettings<'_>,
    ) -> anyhow::Result<Self> {
        let account = (settings.secret_key, settings.api_version);
        let api = Api::new(server, url, account, settings.patience);
        let key = |secret: &Secret<String>| hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        Ok(Self(Arc::new(Inner {
            units,
            api: api.context("the secret key or the version of Stripe's API cannot be sent")?,
            return_url: settings.return_url,
            webhook_keys: settings.webhook_secrets.iter().map(key).collect(),
        })))
    }

    /// The identifier of a webhook's event.
    pub(super) fn verify_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<String, WebhookFault> {
        if !webhooks::is_signed(&self.0.webhook_keys, headers, body, now) {
            return Err(WebhookFault::Forged);
        }
        let text = str::from_utf8(body).map_err(|_| WebhookFault::Unreadable)?;
        let id = webhooks::event_id(text).map_err(|_| WebhookFault::Unreadable)?;
        Some(id)
            .filter(|id| id.len() <= LONGEST_EVENT_ID)
            .ok_or(WebhookFault::Unreadable)
    }

    async fn find(&self, key: &str) -> Result<Option<StripeCharge>, StripeFault> {
        let key = key.to_owned();
        let read = async move |reader: &mut Reader| store::find_stripe_charge(reader, &key).await;
        self.0.units.read(read).await.map_err(|error| away(&error))
    }

    /// Writes down that Stripe is about to be asked; false where the charge is given up.
    async fn announce(&self, key: &str, kind: StripeKind) -> Result<bool, StripeFault> {
        let charge = StripeCharge {
            key: key.to_owned(),
            kind: Some(kind),
            object_id: None,
            closed: false,
            created_at: self.0.units.now(),
        };
        let unit = async move |tx: &mut Tx| store::insert_stripe_charge(tx, &charge).await;
        let known = self.0.units.write(unit).await.map_err(|error| away(&error))?;
        Ok(!known.closed)
    }

    /// Writes down how Stripe has named a charge; false where it was given up meanwhile.
    async fn name(&self, key: &str, id: &str) -> Result<bool, StripeFault> {
        let (key, id) = (key.to_owned(), id.to_owned());
        let unit = async move |tx: &mut Tx| store::name_stripe_charge(tx, &key, &id).await;
        self.0.units.write(unit).await.map_err(|error| away(&error))
    }
}

fn away(error: &StoreError) -> StripeFault {
    tracing::warn!(
        cause = error as &dyn std::error::Error,
        "what Stripe has made is not known"
    );
    StripeFault::unknown("what the provider has made is not known")
}

/// Reads with what is paid: the name of a payment method.
pub(super) fn parse_method(method: &str) -> Result<String, &'static str> {
    let name = method.strip_prefix("pm_").unwrap_or_default();
    let is_name = (1..=250).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name
        .then(|| method.to_owned())
        .ok_or("must be a payment method of Stripe, `pm_…`; card numbers are not taken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_no_payment_method() {
        assert_eq!(parse_method("pm_1N2x_Y"), Ok("pm_1N2x_Y".to_owned()));
        for method in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "pm_",
            "pm_a/../b",
            "tok_visa",
            "",
            "pm_ü",
        ] {
            assert!(parse_method(method).is_err(), "{method}");
        }
    }
}
