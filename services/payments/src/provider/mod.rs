//! Payment providers: who charges cards and pays back.
//!
//! A provider is somebody else, and is asked outside of units of work. Whatever it is asked has a key of ours, so that
//! asking again changes nothing and what became of it can be looked up when an answer was lost.

pub(crate) mod sandbox;
pub(crate) mod stripe;

use http::HeaderMap;
use kit_runtime::Timestamp;
use kit_values::Money;
use payments_api::PaymentMethod;

use crate::domain::{ChargeOutcome, ChargePage, ProviderBalance, RefundOutcome};
use sandbox::{Sandbox, TestCard};
use stripe::Stripe;

/// The provider that is configured.
#[derive(Clone)]
pub(crate) enum Provider {
    Sandbox(Sandbox),
    Stripe(Stripe),
}

/// With what is paid, checked by the provider that takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    TestCard(TestCard),
    /// A payment method that Stripe keeps, by its name there.
    Stripe(String),
}

/// Why a webhook is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebhookFault {
    /// Its signature is not the provider's, or too old.
    Forged,
    /// It is signed, and cannot be read.
    Unreadable,
}

/// What a provider is asked to charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    /// The idempotency key.
    pub key: String,
    pub amount: Money,
    /// What for, as the payer reads it.
    pub description: String,
    /// Until when the payer may do what is asked of them.
    pub expires_at: Timestamp,
}

/// What a provider says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProviderNews {
    /// Of the charge of a key.
    Charge { key: String, outcome: ChargeOutcome },
    /// Of the refund of a key.
    Refund { key: String, outcome: RefundOutcome },
    /// Nothing that matters here.
    Other,
}

impl Method {
    /// What may be known of it: enough to tell one from another in a request that is sent again.
    pub(crate) fn known_part(&self) -> &str {
        match self {
            Self::TestCard(card) => card.last_digits,
            Self::Stripe(name) => name,
        }
    }
}

impl Provider {
    /// Its name in paths and rows.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sandbox(_) => "sandbox",
            Self::Stripe(_) => "stripe",
        }
    }

    /// Checks with what is to be paid; what is wrong with it.
    pub(crate) fn check_method(&self, method: Option<&PaymentMethod>) -> Result<Method, &'static str> {
        match self {
            Self::Sandbox(_) => {
                let card = method.map_or(Ok(TestCard::USUAL), |method| TestCard::parse(&method.0));
                card.map(Method::TestCard)
            }
            Self::Stripe(_) => {
                let method = method.ok_or("must be given: a payment method of Stripe, `pm_…`")?;
                stripe::parse_method(&method.0).map(Method::Stripe)
            }
        }
    }

    /// Charges.
    pub(crate) async fn charge(&self, charge: &Charge, method: &Method) -> ChargeOutcome {
        match (self, method) {
            (Self::Sandbox(sandbox), Method::TestCard(card)) => sandbox.charge(charge, *card).await,
            (Self::Stripe(stripe), Method::Stripe(name)) => Box::pin(stripe.charge(charge, name)).await,
            (Self::Sandbox(_), Method::Stripe(_)) | (Self::Stripe(_), Method::TestCard(_)) => {
                ChargeOutcome::Closed {
                    reason: "the payment method is another provider's".to_owned(),
                }
            }
        }
    }

    /// Opens a page on which the payer pays, and is sent on to `return_url`.
    pub(crate) async fn open_checkout(&self, charge: &Charge, return_url: Option<String>) -> ChargeOutcome {
        match self {
            Self::Sandbox(sandbox) => sandbox.open_checkout(charge, return_url).await,
            Self::Stripe(stripe) => Box::pin(stripe.open_checkout(charge, return_url)).await,
        }
    }

    /// What became of the charge of a key; none where it never came or was never confirmed, and is to be
    /// closed.
    pub(crate) async fn find_charge(&self, key: &str) -> Option<ChargeOutcome> {
        match self {
            Self::Sandbox(sandbox) => sandbox.find_charge(key).await,
            Self::Stripe(stripe) => Box::pin(stripe.find_charge(key)).await,
        }
    }

    /// Closes the charge of a key, so that it is not made any more, also where it has not come yet. One that was made
    /// already stays, and is answered.
    pub(crate) async fn close_charge(&self, key: &str) -> ChargeOutcome {
        match self {
            Self::Sandbox(sandbox) => sandbox.close_charge(key).await,
            Self::Stripe(stripe) => Box::pin(stripe.close_charge(key)).await,
        }
    }

    /// A page of the charges that it has made in a period; none where it is away.
    pub(crate) async fn list_charges(
        &self,
        period: (Timestamp, Timestamp),
        cursor: Option<&str>,
    ) -> Option<ChargePage> {
        match self {
            Self::Sandbox(sandbox) => sandbox.list_charges(period, cursor).await,
            Self::Stripe(stripe) => Box::pin(stripe.list_charges(period, cursor)).await,
        }
    }

    /// What it has of the charge of a key; none where it is away.
    pub(crate) async fn find_balance(&self, key: &str) -> Option<ProviderBalance> {
        match self {
            Self::Sandbox(sandbox) => sandbox.find_balance(key).await,
            Self::Stripe(stripe) => Box::pin(stripe.find_balance(key)).await,
        }
    }

    /// The identifier of a webhook's event, where its signature is good and new.
    pub(crate) fn verify_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<String, WebhookFault> {
        match self {
            Self::Sandbox(sandbox) => {
                let id = sandbox.verify_webhook(headers, body, now);
                id.ok_or(WebhookFault::Forged)
            }
            Self::Stripe(stripe) => stripe.verify_webhook(headers, body, now),
        }
    }

    /// What a webhook says.
    pub(crate) fn read_webhook(&self, body: &str) -> serde_json::Result<ProviderNews> {
        match self {
            Self::Sandbox(_) => sandbox::read_webhook(body),
            Self::Stripe(_) => stripe::read_webhook(body),
        }
    }

    /// Pays back, of what was charged under a key.
    pub(crate) async fn refund(&self, key: &str, charge_key: &str, amount: Money) -> RefundOutcome {
        match self {
            Self::Sandbox(sandbox) => sandbox.refund(key, charge_key, amount).await,
            Self::Stripe(stripe) => Box::pin(stripe.refund(key, charge_key, amount)).await,
        }
    }
}
