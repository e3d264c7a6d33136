//! What Stripe says by webhooks, and whether it is Stripe who says it.
//!
//! `Stripe-Signature` holds `t=<seconds>` and one or more of `v1=<hex of HMAC-SHA256>`, over the seconds, a full stop and
//! the bytes of the body. The key is the secret's text as it is, `whsec_` included; while it is changed, several are good.

use std::time::Duration;

use aws_lc_rs::hmac;
use http::HeaderMap;
use kit_runtime::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::objects::{CheckoutSession, PaymentIntent, StripeRefund};
use crate::domain::{ChargeOutcome, RefundOutcome};
use crate::provider::ProviderNews;

/// How far the clocks of sender and receiver may be apart.
const TOLERANCE: Duration = Duration::from_mins(5);

const SIGNATURE: &str = "stripe-signature";

#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: Value,
}

/// Whether one of these keys has signed a body, and not long ago.
pub(super) fn is_signed(keys: &[hmac::Key], headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
    let mut values = headers.get_all(SIGNATURE).iter();
    let (Some(header), None) = (values.next(), values.next()) else {
        return false;
    };
    let items = header.to_str().unwrap_or_default().split(',');
    let mut items = items.filter_map(|item| item.split_once('='));
    // It is the first, as Stripe sends it, so that nobody decides which of several counts.
    let Some(("t", seconds)) = items.next() else {
        return false;
    };
    let Ok(sent) = seconds.parse().map(Timestamp::from_seconds) else {
        return false;
    };
    if now.since(sent).max(sent.since(now)) > TOLERANCE {
        return false;
    }
    let content = [seconds.as_bytes(), b".", body].concat();
    let mut signatures = items.filter(|(scheme, _)| *scheme == "v1");
    signatures.any(|(_, signature)| {
        let signature = hex::decode(signature).unwrap_or_default();
        keys.iter()
            .any(|key| hmac::verify(key, &content, &signature).is_ok())
    })
}

/// The identifier of an event.
pub(super) fn event_id(body: &str) -> serde_json::Result<String> {
    serde_json::from_str::<Event>(body).map(|event| event.id)
}

/// What an event says. What is not ours, or not final, says nothing.
pub(in crate::provider) fn read(body: &str) -> serde_json::Result<ProviderNews> {
    let Event { r#type, data, .. } = serde_json::from_str(body)?;
    let news = match r#type.as_str() {
        "payment_intent.succeeded" | "payment_intent.payment_failed" | "payment_intent.canceled" => {
            of_intent(serde_json::from_value(data.object)?)
        }
        "checkout.session.completed"
        | "checkout.session.expired"
        | "checkout.session.async_payment_succeeded" => of_session(serde_json::from_value(data.object)?),
        "checkout.session.async_payment_failed" => of_failed_session(serde_json::from_value(data.object)?),
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            of_refund(serde_json::from_value(data.object)?)
        }
        _ => None,
    };
    Ok(news.unwrap_or(ProviderNews::Other))
}

fn of_intent(mut intent: PaymentIntent) -> Option<ProviderNews> {
    let key = intent.metadata.charge.take()?;
    let is_of_checkout = intent.metadata.checkout.is_some();
    let outcome = intent.outcome()?;
    // On a hosted page the payer may go on with another card; the page says how it ends.
    let is_final = !is_of_checkout || outcome.is_charged();
    (is_final && outcome.is_decided()).then_some(ProviderNews::Charge { key, outcome })
}

fn of_session(mut session: CheckoutSession) -> Option<ProviderNews> {
    let key = session.metadata.charge.take()?;
    let outcome = session.outcome();
    outcome
        .is_decided()
        .then_some(ProviderNews::Charge { key, outcome })
}

fn of_failed_session(session: CheckoutSession) -> Option<ProviderNews> {
    let reason = "the bank has refused the payment".to_owned();
    Some(ProviderNews::Charge {
        key: session.metadata.charge?,
        outcome: ChargeOutcome::Declined { reason },
    })
}

fn of_refund(mut refund: StripeRefund) -> Option<ProviderNews> {
    let key = refund.metadata.refund.take()?;
    match refund.outcome() {
        RefundOutcome::Unknown => None,
        outcome => Some(ProviderNews::Refund { key, outcome }),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_731_705_121);
    /// Made by Stripe's own library for Python with this secret, time and body.
    const SECRET: &str = "whsec_test_secret";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const SIGNED: &str = "t=1731705121,v1=9d5305918bef91d26f7d20dd27f334d008d80e262c6f6c6064273ce1615c8a18";

    fn verifies(header: &str, keys: &[&str], now: Timestamp) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, HeaderValue::from_str(header).unwrap());
        let keys: Vec<_> = keys
            .iter()
            .map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
            .collect();
        is_signed(&keys, &headers, BODY, now)
    }

    #[test]
    fn any_key_and_any_signature_of_the_header_is_good() {
        assert!(verifies(SIGNED, &["other", SECRET], NOW));
        let (time, good) = SIGNED.split_once(',').unwrap();
        let several = format!("{time},v1=00,v0=11,{good},v1=zz");
        assert!(verifies(&several, &[SECRET], NOW));
        for header in [
            good.to_owned(),
            format!("{good},{time}"),
            format!("{time},v0=00"),
            "t=x,v1=00".to_owned(),
            String::new(),
        ] {
            assert!(!verifies(&header, &[SECRET], NOW), "{header}");
        }
        assert!(!verifies(SIGNED, &["other"], NOW));
        assert!(!verifies(SIGNED, &[], NOW));
        for (distance, is_good) in [(TOLERANCE, true), (TOLERANCE + Duration::from_secs(1), false)] {
            for now in [NOW.plus(distance), NOW.minus(distance)] {
                assert_eq!(verifies(SIGNED, &[SECRET], now), is_good);
            }
        }
    }

    fn event(kind: &str, object: &Value) -> ProviderNews {
        read(&json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string()).unwrap()
    }

    #[test]
    fn an_event_speaks_of_a_key_of_ours_or_of_nothing() {
        let intent = |status: &str, metadata: &Value| {
            json!({ "id": "pi_1", "status": status, "currency": "usd",
            "amount_received": 5, "metadata": metadata, "last_payment_error": { "message": "no" } })
        };
        let ours = json!({ "stoa_charge": "k" });
        let declined = ChargeOutcome::Declined {
            reason: "no".to_owned(),
        };
        let news = event(
            "payment_intent.payment_failed",
            &intent("requires_payment_method", &ours),
        );
        assert_eq!(
            news,
            ProviderNews::Charge {
                key: "k".to_owned(),
                outcome: declined
            }
        );
        let checkout = json!({ "stoa_charge": "k", "stoa_checkout": "1" });
        for (kind, object) in [
            (
                "payment_intent.payment_failed",
                intent("requires_payment_method", &checkout),
            ),
            ("payment_intent.succeeded", intent("succeeded", &json!({}))),
            ("payment_intent.created", intent("succeeded", &ours)),
            (
                "checkout.session.completed",
                json!({ "id": "cs_1", "status": "complete", "payment_status": "unpaid", "metadata": ours }),
            ),
            (
                "refund.updated",
                json!({ "id": "re_1", "status": "pending", "metadata": { "stoa_refund": "r" } }),
            ),
            ("customer.created", json!({})),
        ] {
            assert_eq!(event(kind, &object), ProviderNews::Other, "{kind}");
        }
        let paid = event("payment_intent.succeeded", &intent("succeeded", &checkout));
        assert!(matches!(
            paid,
            ProviderNews::Charge {
                outcome: ChargeOutcome::Succeeded { .. },
                ..
            }
        ));
        for unreadable in [
            "{",
            "{}",
            r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{}}}"#,
        ] {
            assert!(read(unreadable).is_err(), "{unreadable}");
        }
    }
}
