//! Signatures of webhooks, as Standard Webhooks 1.0 says.
//!
//! `webhook-signature` holds one or more of `v1,<base64 of HMAC-SHA256>`, over `webhook-id`, `webhook-timestamp` (seconds)
//! and the bytes of the body, joined by full stops. A secret is `whsec_` and base64; while it is changed, both are good:
//! a sender signs with each ([`sign`]), a receiver takes either ([`verify`]).
//!
//! What it deliberately does not do: send anything, keep secrets, or know identifiers that came before; a receiver has
//! to remember those itself.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use kit_runtime::{Secret, Timestamp};

/// How far the clocks of sender and receiver may be apart.
const TOLERANCE: Duration = Duration::from_mins(5);

/// The least bytes of a key, as the standard asks for.
const LEAST_BYTES: usize = 24;

const PREFIX: &str = "whsec_";

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// The key of signatures.
#[derive(Clone, Debug)]
pub struct WebhookKey(hmac::Key);

impl WebhookKey {
    /// Of a secret as people copy it: `whsec_` and the base64 of at least 24 bytes.
    pub fn parse(secret: &Secret<String>) -> Option<Self> {
        let encoded = secret.expose().strip_prefix(PREFIX)?;
        let bytes = STANDARD.decode(encoded).ok()?;
        (bytes.len() >= LEAST_BYTES).then(|| Self::of(&bytes))
    }

    /// Of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The headers that go with a body.
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> Option<HeaderMap> {
        sign(std::slice::from_ref(self), id, at, body)
    }
}

/// The secret of these bytes as people copy it.
pub fn secret_of(bytes: &[u8]) -> Secret<String> {
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The headers that go with a body, signed by each of these keys; none where `id` cannot stand in a header, or there
/// is no key.
pub fn sign(keys: &[WebhookKey], id: &str, at: Timestamp, body: &str) -> Option<HeaderMap> {
    let seconds = at.as_seconds().to_string();
    let content = content(id, &seconds, body.as_bytes());
    let signature = |key: &WebhookKey| format!("v1,{}", STANDARD.encode(hmac::sign(&key.0, &content)));
    let signatures: Vec<_> = keys.iter().map(signature).collect();
    if signatures.is_empty() {
        return None;
    }
    let header = |value: &str| HeaderValue::from_str(value).ok();
    let mut headers = HeaderMap::new();
    headers.insert(ID, header(id)?);
    headers.insert(TIMESTAMP, header(&seconds)?);
    headers.insert(SIGNATURE, header(&signatures.join(" "))?);
    Some(headers)
}

/// The identifier of an event that one of these keys has signed not long ago.
pub fn verify(keys: &[WebhookKey], headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<String> {
    let header = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let only = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(only)
    };
    let (id, seconds) = (header(ID)?, header(TIMESTAMP)?);
    let sent = Timestamp::from_seconds(seconds.parse().ok()?);
    if id.is_empty() || now.since(sent).max(sent.since(now)) > TOLERANCE {
        return None;
    }
    let content = content(id, seconds, body);
    let is_good = |signature: &str| {
        let Some(encoded) = signature.strip_prefix("v1,") else {
            return false;
        };
        let decoded = STANDARD.decode(encoded).unwrap_or_default();
        keys.iter()
            .any(|key| hmac::verify(&key.0, &content, &decoded).is_ok())
    };
    let is_signed = header(SIGNATURE)?.split(' ').any(is_good);
    is_signed.then(|| id.to_owned())
}

fn content(id: &str, seconds: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", seconds.as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"event_type":"ping","data":{"success":true}}"#;
    const EVENT: &str = "msg_loFOjxBNrRLzqYUf";
    const SENT: Timestamp = Timestamp::from_seconds(1_731_705_121);

    /// The example of the standard, whose secret is shorter than it asks for.
    fn key() -> WebhookKey {
        WebhookKey::of(&STANDARD.decode("plJ3nmyCDGBKInavdOK15jsl").unwrap())
    }

    fn other() -> WebhookKey {
        WebhookKey::of(b"another")
    }

    #[test]
    fn the_example_of_the_standard_is_signed_and_verified() {
        let headers = key().sign(EVENT, SENT, BODY).unwrap();
        assert_eq!(
            headers[SIGNATURE],
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
        );
        let keys = [other(), key()];
        assert_eq!(
            verify(&keys, &headers, BODY.as_bytes(), SENT).as_deref(),
            Some(EVENT)
        );
        assert_eq!(verify(&keys[..1], &headers, BODY.as_bytes(), SENT), None);
    }

    #[test]
    fn what_is_changed_too_old_or_not_signed_is_refused() {
        let headers = key().sign(EVENT, SENT, BODY).unwrap();
        let keys = [key()];
        assert_eq!(verify(&keys, &headers, &BODY.as_bytes()[1..], SENT), None);
        for name in [ID, TIMESTAMP, SIGNATURE] {
            let mut without = headers.clone();
            without.remove(name);
            assert_eq!(verify(&keys, &without, BODY.as_bytes(), SENT), None, "{name}");
            let mut twice = headers.clone();
            twice.append(name, headers[name].clone());
            assert_eq!(verify(&keys, &twice, BODY.as_bytes(), SENT), None, "{name}");
            let mut other = headers.clone();
            other.insert(name, HeaderValue::from_static("v1,1731705122"));
            assert_eq!(verify(&keys, &other, BODY.as_bytes(), SENT), None, "{name}");
        }
        for (distance, is_good) in [(TOLERANCE, true), (TOLERANCE + Duration::from_secs(1), false)] {
            for now in [SENT.plus(distance), SENT.minus(distance)] {
                assert_eq!(
                    verify(&keys, &headers, BODY.as_bytes(), now).is_some(),
                    is_good,
                    "{now}"
                );
            }
        }
    }

    #[test]
    fn one_good_signature_of_several_is_enough() {
        let mut headers = key().sign(EVENT, SENT, BODY).unwrap();
        let good = headers[SIGNATURE].to_str().unwrap();
        let several = format!("v1a,xyz v1,AAAA {good}");
        headers.insert(SIGNATURE, HeaderValue::from_str(&several).unwrap());
        assert!(verify(&[key()], &headers, BODY.as_bytes(), SENT).is_some());
    }

    #[test]
    fn while_a_secret_is_changed_both_are_good() {
        let headers = sign(&[other(), key()], EVENT, SENT, BODY).unwrap();
        for key in [key(), other()] {
            assert!(verify(&[key], &headers, BODY.as_bytes(), SENT).is_some());
        }
        let third = WebhookKey::of(b"a third");
        assert_eq!(verify(&[third], &headers, BODY.as_bytes(), SENT), None);
        assert!(sign(&[], EVENT, SENT, BODY).is_none(), "nobody would have signed");
        assert!(key().sign("a\nb", SENT, BODY).is_none());
    }

    #[test]
    fn a_secret_is_written_as_it_is_read() {
        let secret = secret_of(&[7; 32]);
        let headers = WebhookKey::parse(&secret)
            .unwrap()
            .sign(EVENT, SENT, BODY)
            .unwrap();
        let same = [WebhookKey::of(&[7; 32])];
        assert!(verify(&same, &headers, BODY.as_bytes(), SENT).is_some());
    }

    #[test]
    fn a_secret_is_long_enough_and_marked_as_one() {
        let secret = |text: &str| WebhookKey::parse(&Secret::new(text.to_owned())).is_some();
        assert!(secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        for bad in [
            "whsec_plJ3nmyCDGBKInavdOK1",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_!",
            "whsec_",
        ] {
            assert!(!secret(bad), "{bad}");
        }
    }
}
