//! What Stripe's objects say, as far as it matters here.

use kit_values::{Currency, Money};
use serde::Deserialize;

use crate::domain::{ChargeOutcome, ProviderBalance, RefundOutcome};

/// Where our key stands in the metadata of an object of Stripe's.
pub(super) const CHARGE_KEY: &str = "metadata[stoa_charge]";
/// The same of the `PaymentIntent` that a Checkout Session makes.
pub(super) const SESSION_CHARGE_KEY: &str = "payment_intent_data[metadata][stoa_charge]";
/// What tells the `PaymentIntent` of a Checkout Session, at which the payer may try another card.
pub(super) const SESSION_MARK: &str = "payment_intent_data[metadata][stoa_checkout]";
pub(super) const REFUND_KEY: &str = "metadata[stoa_refund]";

const GIVEN_UP: &str = "it was given up";

/// What we have written on an object.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "stoa_charge")]
    pub charge: Option<String>,
    #[serde(rename = "stoa_checkout")]
    pub checkout: Option<String>,
    #[serde(rename = "stoa_refund")]
    pub refund: Option<String>,
}

/// A `PaymentIntent`.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentIntent {
    pub id: String,
    status: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    last_payment_error: Option<PaymentError>,
    #[serde(default)]
    next_action: Option<NextAction>,
    #[serde(default)]
    latest_charge: Option<LatestCharge>,
}

/// The charge of a `PaymentIntent`: its name, or all of it where that was asked for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum LatestCharge {
    Expanded { amount_refunded: i64 },
    Named(#[expect(dead_code, reason = "only the shape counts")] String),
}

#[derive(Debug, Deserialize)]
struct PaymentError {
    #[serde(default)]
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct NextAction {
    #[serde(default)]
    redirect_to_url: Option<RedirectToUrl>,
}

#[derive(Debug, Deserialize)]
struct RedirectToUrl {
    url: String,
}

/// A Checkout Session.
#[derive(Debug, Deserialize)]
pub(super) struct CheckoutSession {
    pub id: String,
    status: Option<String>,
    payment_status: String,
    #[serde(default)]
    amount_total: Option<i64>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    pub payment_intent: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

/// A refund.
#[derive(Debug, Deserialize)]
pub(super) struct StripeRefund {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    failure_reason: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    pub has_more: bool,
}

impl PaymentIntent {
    /// What became of it; none where nobody has confirmed it yet.
    pub(super) fn outcome(self) -> Option<ChargeOutcome> {
        Some(match (self.status.as_str(), self.last_payment_error) {
            ("succeeded", _) => charged(self.amount_received, &self.currency),
            ("canceled", _) => closed(),
            ("requires_action", _) => {
                let redirect = self.next_action.and_then(|action| action.redirect_to_url);
                redirect.map_or(UNREADABLE, |redirect| ChargeOutcome::ActionRequired {
                    url: redirect.url,
                })
            }
            ("requires_payment_method", Some(error)) => ChargeOutcome::Declined {
                reason: error.message.unwrap_or_default(),
            },
            ("requires_payment_method" | "requires_confirmation", None) => return None,
            // `processing`, and what may yet be invented.
            _ => ChargeOutcome::Unknown {
                reason: "the provider has not decided yet",
            },
        })
    }
}

impl PaymentIntent {
    /// What became of it and was paid back of it, where its charge was asked for; none where nobody has confirmed it.
    pub(super) fn balance(self) -> Option<ProviderBalance> {
        let refunded = match self.latest_charge {
            Some(LatestCharge::Expanded { amount_refunded }) => amount_refunded,
            Some(LatestCharge::Named(_)) | None => 0,
        };
        let refunded = from_stripe(refunded, &self.currency);
        let outcome = self.outcome()?;
        Some(refunded.map_or_else(
            || ProviderBalance {
                outcome: UNREADABLE,
                refunded_minor: 0,
            },
            |refunded| ProviderBalance {
                outcome,
                refunded_minor: refunded.amount_minor,
            },
        ))
    }
}

impl CheckoutSession {
    /// What became of it.
    pub(super) fn outcome(self) -> ChargeOutcome {
        match (self.status.as_deref(), self.payment_status.as_str()) {
            (_, "paid") => match (self.amount_total, self.currency) {
                (Some(amount), Some(currency)) => charged(amount, &currency),
                _ => UNREADABLE,
            },
            (Some("open"), _) => self
                .url
                .map_or(UNREADABLE, |url| ChargeOutcome::ActionRequired { url }),
            (Some("expired"), _) => closed(),
            _ => ChargeOutcome::Unknown {
                reason: "the provider has not decided yet",
            },
        }
    }
}

impl StripeRefund {
    /// What became of it.
    pub(super) fn outcome(self) -> RefundOutcome {
        match self.status.as_deref() {
            Some("succeeded") => RefundOutcome::Succeeded,
            Some("failed" | "canceled") => RefundOutcome::Refused {
                reason: self
                    .failure_reason
                    .unwrap_or_else(|| "the provider gave it up".to_owned()),
            },
            _ => RefundOutcome::Unknown,
        }
    }
}

const UNREADABLE: ChargeOutcome = ChargeOutcome::Unknown {
    reason: "the provider's answer cannot be read",
};

pub(super) fn closed() -> ChargeOutcome {
    ChargeOutcome::Closed {
        reason: GIVEN_UP.to_owned(),
    }
}

fn charged(amount: i64, currency: &str) -> ChargeOutcome {
    from_stripe(amount, currency).map_or(UNREADABLE, |amount| ChargeOutcome::Succeeded { amount })
}

/// How many of Stripe's smallest units are one of ours. Stripe counts Iceland's and Uganda's money in hundredths, which
/// ISO 4217 does not, and does without those of Madagascar's, which nothing here is owed in; the rest agrees.
fn units_of(currency: Currency) -> Option<i64> {
    match currency.to_string().as_str() {
        "ISK" | "UGX" => Some(100),
        "MGA" => None,
        _ => Some(1),
    }
}

/// A sum as Stripe writes it; none where it cannot be written.
pub(super) fn to_stripe(amount: Money) -> Option<(String, String)> {
    let minor = amount.amount_minor.checked_mul(units_of(amount.currency)?)?;
    Some((
        minor.to_string(),
        amount.currency.to_string().to_ascii_lowercase(),
    ))
}

/// A sum that Stripe has written; none where it is no sum of ours, since it does not come out even.
fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency: Currency = currency.to_ascii_uppercase().parse().ok()?;
    let units = units_of(currency)?;
    (amount % units == 0).then_some(Money {
        amount_minor: amount / units,
        currency,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(json: serde_json::Value) -> Option<ChargeOutcome> {
        serde_json::from_value::<PaymentIntent>(json).unwrap().outcome()
    }

    #[test]
    fn a_payment_intent_says_what_became_of_it() {
        let of = |status: &str| serde_json::json!({ "id": "pi_1", "status": status, "currency": "usd", "amount_received": 1_250 });
        let charged = |amount_minor, currency: &str| ChargeOutcome::Succeeded {
            amount: Money {
                amount_minor,
                currency: currency.parse().unwrap(),
            },
        };
        assert_eq!(intent(of("succeeded")), Some(charged(1_250, "USD")));
        assert_eq!(intent(of("canceled")), Some(closed()));
        assert_eq!(intent(of("requires_payment_method")), None);
        assert_eq!(intent(of("requires_confirmation")), None);
        for undecided in ["processing", "requires_capture", "pondering", "requires_action"] {
            assert!(
                matches!(intent(of(undecided)), Some(ChargeOutcome::Unknown { .. })),
                "{undecided}"
            );
        }
        let mut krona = of("succeeded");
        krona["currency"] = "isk".into();
        krona["amount_received"] = 50_000.into();
        assert_eq!(intent(krona), Some(charged(500, "ISK")));
    }

    #[test]
    fn sums_are_written_as_stripe_counts_them() {
        let write = |amount_minor, currency: &str| {
            let written = to_stripe(Money {
                amount_minor,
                currency: currency.parse().unwrap(),
            });
            written.map(|(amount, currency)| format!("{amount} {currency}"))
        };
        assert_eq!(write(1_250, "USD").as_deref(), Some("1250 usd"));
        assert_eq!(write(500, "JPY").as_deref(), Some("500 jpy"));
        assert_eq!(write(500, "UGX").as_deref(), Some("50000 ugx"));
        assert_eq!(write(500, "MGA"), None);
        assert_eq!(write(i64::MAX, "ISK"), None);
        assert_eq!(
            from_stripe(50_001, "isk"),
            None,
            "what is not even is never taken for ours"
        );
    }
}
