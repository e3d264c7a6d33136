//! The provider `sandbox`: built in, and behaves like a real one.
//!
//! It stands for somebody else. It keeps its own tables, decides by itself, and knows of us only what it is asked: a
//! charge under a key of ours, the same again for the same key. Its answers may be lost like anybody's.

mod cards;
mod listing;
mod pages;
mod webhooks;

use std::sync::Arc;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use kit_db::{Reader, StoreError, Tx};
use kit_runtime::{Ids, Secret, Timestamp};
use kit_service::Units;
use kit_values::{Currency, Money, words};
use kit_webhooks::WebhookKey;

use super::Charge;
use crate::domain::{ChargeOutcome, RefundOutcome};
use crate::store;

use cards::CardBehavior;
pub(crate) use cards::TestCard;
pub(super) use webhooks::read_webhook;
pub(crate) use webhooks::{Chaos, Receiver, SandboxWebhook};

words! {
    /// How far a charge of the sandbox is.
    pub(crate) enum SandboxStatus {
        /// The payer may pay it on its page.
        Open = "open",
        /// The payer has to confirm it.
        ActionRequired = "action_required",
        Succeeded = "succeeded",
        Declined = "declined",
        /// Whoever asked for it has given it up.
        Closed = "closed",
    }
}

impl SandboxStatus {
    /// Whether the payer is waited for.
    const fn is_pending(self) -> bool {
        match self {
            Self::Open | Self::ActionRequired => true,
            Self::Succeeded | Self::Declined | Self::Closed => false,
        }
    }
}

/// Why a charge is closed that whoever asked for it does not want any more.
const GIVEN_UP: &str = "it was given up";

/// A charge as the sandbox keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SandboxCharge {
    pub key: String,
    pub amount_minor: i64,
    pub currency: Currency,
    pub status: SandboxStatus,
    pub reason: Option<String>,
    pub description: String,
    pub last_digits: Option<String>,
    pub token_hash: Option<String>,
    pub return_url: Option<String>,
    pub expires_at: Timestamp,
    pub refunded_minor: i64,
    pub created_at: Timestamp,
}

/// The provider. A cheap handle.
#[derive(Clone)]
pub(crate) struct Sandbox(Arc<Inner>);

struct Inner {
    units: Units,
    ids: Ids,
    /// Of what the tokens of its pages are made.
    secret: Secret<String>,
    /// Where its pages are reached, up to the token.
    pages: String,
    /// The first one signs.
    webhook_keys: Vec<WebhookKey>,
    chaos: Chaos,
}

/// How the sandbox is set up.
pub(crate) struct SandboxSettings {
    /// Of what the tokens of its pages are made, and the key of its webhooks where there is no other.
    pub secret: Secret<String>,
    /// Where its pages are reached, up to the token.
    pub pages: String,
    /// The keys of its webhooks, of which the first one signs.
    pub webhook_keys: Vec<WebhookKey>,
    pub chaos: Chaos,
}

impl Sandbox {
    pub(crate) fn new(units: Units, ids: Ids, settings: SandboxSettings) -> Self {
        let mut webhook_keys = settings.webhook_keys;
        if webhook_keys.is_empty() {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, settings.secret.expose().as_bytes());
            webhook_keys.push(WebhookKey::of(hmac::sign(&secret, b"webhooks").as_ref()));
        }
        Self(Arc::new(Inner {
            units,
            ids,
            secret: settings.secret,
            pages: settings.pages,
            webhook_keys,
            chaos: settings.chaos,
        }))
    }

    pub(super) fn verify_webhook(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<String> {
        kit_webhooks::verify(&self.0.webhook_keys, headers, body, now)
    }

    pub(super) async fn open_checkout(&self, charge: &Charge, return_url: Option<String>) -> ChargeOutcome {
        let opened = SandboxCharge {
            status: SandboxStatus::Open,
            token_hash: Some(hash_of(&self.token(&charge.key))),
            return_url,
            ..self.new_charge(charge)
        };
        self.insert(opened).await.unwrap_or_else(|outcome| outcome)
    }

    pub(super) async fn charge(&self, charge: &Charge, card: TestCard) -> ChargeOutcome {
        let made = self.insert(self.new_card_charge(charge, card)).await;
        match made {
            Ok(_) if card.behavior == CardBehavior::LoseAnswer => ChargeOutcome::Unknown {
                reason: "the provider did not answer in time",
            },
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    pub(super) async fn find_charge(&self, key: &str) -> Option<ChargeOutcome> {
        let key = key.to_owned();
        let read = async move |reader: &mut Reader| store::find_sandbox_charge(reader, &key).await;
        match self.0.units.read(read).await {
            Ok(found) => found.map(|charge| self.outcome(charge)),
            Err(error) => Some(away(&error)),
        }
    }

    pub(super) async fn close_charge(&self, key: &str) -> ChargeOutcome {
        let nothing = Charge {
            key: key.to_owned(),
            amount: Money::zero(Currency::USD),
            description: String::new(),
            expires_at: self.0.units.now(),
        };
        let mark = SandboxCharge {
            status: SandboxStatus::Closed,
            reason: Some(GIVEN_UP.to_owned()),
            ..self.new_charge(&nothing)
        };
        let sandbox = self.clone();
        let unit = async move |tx: &mut Tx| {
            let (mut charge, _) = store::insert_sandbox_charge(tx, &mark).await?;
            if charge.status.is_pending() {
                charge.status = SandboxStatus::Closed;
                charge.reason = Some(GIVEN_UP.to_owned());
                store::save_sandbox_charge(tx, &charge).await?;
                sandbox.announce(tx, &charge).await?;
            }
            Ok::<_, StoreError>(charge)
        };
        match self.0.units.write(unit).await {
            Ok(charge) => self.outcome(charge),
            Err(error) => away(&error),
        }
    }

    pub(super) async fn refund(&self, key: &str, charge_key: &str, amount: Money) -> RefundOutcome {
        let (key, charge_key, now) = (key.to_owned(), charge_key.to_owned(), self.0.units.now());
        let sandbox = self.clone();
        let unit = async move |tx: &mut Tx| {
            let refused = |reason: &str| {
                let reason = reason.to_owned();
                Ok(RefundOutcome::Refused { reason })
            };
            let charge = store::find_sandbox_charge_for_update(tx, &charge_key).await?;
            let Some(mut charge) = charge.filter(|charge| charge.status == SandboxStatus::Succeeded) else {
                return refused("there is no such charge");
            };
            if store::has_sandbox_refund(tx, &key).await? {
                return Ok(RefundOutcome::Succeeded);
            }
            if amount.amount_minor > charge.amount_minor - charge.refunded_minor {
                return refused("more than was charged");
            }
            charge.refunded_minor += amount.amount_minor;
            store::save_sandbox_charge(tx, &charge).await?;
            store::insert_sandbox_refund(tx, (&key, &charge_key), amount.amount_minor, now).await?;
            sandbox
                .announce_of(tx, "refund.succeeded", (key, amount, None))
                .await?;
            Ok::<_, StoreError>(RefundOutcome::Succeeded)
        };
        self.0.units.write(unit).await.unwrap_or_else(|error| {
            tracing::warn!(cause = &error as &dyn std::error::Error, "the sandbox is away");
            RefundOutcome::Unknown
        })
    }

    /// Answers how far the charge of its key is; or, where nobody knows, that.
    async fn insert(&self, charge: SandboxCharge) -> Result<ChargeOutcome, ChargeOutcome> {
        let sandbox = self.clone();
        let unit = async move |tx: &mut Tx| {
            let (charge, is_new) = store::insert_sandbox_charge(tx, &charge).await?;
            if is_new {
                sandbox.announce(tx, &charge).await?;
            }
            Ok::<_, StoreError>(charge)
        };
        match self.0.units.write(unit).await {
            Ok(charge) => Ok(self.outcome(charge)),
            Err(error) => Err(away(&error)),
        }
    }

    fn new_card_charge(&self, charge: &Charge, card: TestCard) -> SandboxCharge {
        let (status, reason) = match card.behavior {
            CardBehavior::Approve | CardBehavior::LoseAnswer | CardBehavior::ChargeMore => {
                (SandboxStatus::Succeeded, None)
            }
            CardBehavior::Decline(reason) => (SandboxStatus::Declined, Some(reason.to_owned())),
            CardBehavior::RequireAction => (SandboxStatus::ActionRequired, None),
        };
        let more = i64::from(card.behavior == CardBehavior::ChargeMore);
        let has_page = status == SandboxStatus::ActionRequired;
        SandboxCharge {
            amount_minor: charge.amount.amount_minor.saturating_add(more),
            status,
            reason,
            last_digits: Some(card.last_digits.to_owned()),
            token_hash: has_page.then(|| hash_of(&self.token(&charge.key))),
            ..self.new_charge(charge)
        }
    }

    fn new_charge(&self, charge: &Charge) -> SandboxCharge {
        SandboxCharge {
            key: charge.key.clone(),
            amount_minor: charge.amount.amount_minor,
            currency: charge.amount.currency,
            status: SandboxStatus::Open,
            reason: None,
            description: charge.description.clone(),
            last_digits: None,
            token_hash: None,
            return_url: None,
            expires_at: charge.expires_at,
            refunded_minor: 0,
            created_at: self.0.units.now(),
        }
    }

    /// What whoever asked for the charge is answered.
    fn outcome(&self, charge: SandboxCharge) -> ChargeOutcome {
        match charge.status {
            SandboxStatus::Succeeded => ChargeOutcome::Succeeded {
                amount: Money {
                    amount_minor: charge.amount_minor,
                    currency: charge.currency,
                },
            },
            SandboxStatus::Declined => ChargeOutcome::Declined {
                reason: charge.reason.unwrap_or_default(),
            },
            SandboxStatus::Open | SandboxStatus::ActionRequired => ChargeOutcome::ActionRequired {
                url: format!("{}{}", self.0.pages, self.token(&charge.key)),
            },
            SandboxStatus::Closed => ChargeOutcome::Closed {
                reason: charge.reason.unwrap_or_default(),
            },
        }
    }

    /// The token of a charge's page, 256 bits: made of the key, so that it need not be kept.
    fn token(&self, key: &str) -> String {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, self.0.secret.expose().as_bytes());
        URL_SAFE_NO_PAD.encode(hmac::sign(&secret, format!("page:{key}").as_bytes()))
    }
}

/// How a token is kept.
fn hash_of(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

fn away(error: &(dyn std::error::Error + 'static)) -> ChargeOutcome {
    tracing::warn!(cause = error, "the sandbox is away");
    ChargeOutcome::Unknown {
        reason: "the provider is away",
    }
}
