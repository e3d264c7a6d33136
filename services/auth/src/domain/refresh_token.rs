//! The refresh token: opaque to clients, `v1.<session>.<counter>.<mac>`. The session row holds the counter;
//! the MAC proves that auth made the token, so that a guess never reaches the database.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_runtime::Secret;
use kit_token::SessionId;

const VERSION: &str = "v1";

/// What a refresh token says: which session, and how often it was rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub session_id: SessionId,
    pub counter: i64,
}

impl RefreshToken {
    /// The token's text.
    pub(crate) fn seal(self, key: &hmac::Key) -> Secret<String> {
        let said = format!("{VERSION}.{}.{}", self.session_id, self.counter);
        let mac = hmac::sign(key, said.as_bytes());
        Secret::new(format!("{said}.{}", URL_SAFE_NO_PAD.encode(mac.as_ref())))
    }

    /// What a token says, if auth made it.
    pub(crate) fn open(text: &str, key: &hmac::Key) -> Option<Self> {
        let (said, mac) = text.rsplit_once('.')?;
        hmac::verify(key, said.as_bytes(), &URL_SAFE_NO_PAD.decode(mac).ok()?).ok()?;
        let mut parts = said.split('.');
        let (version, session, counter) = (parts.next()?, parts.next()?, parts.next()?);
        if version != VERSION || parts.next().is_some() {
            return None;
        }
        Some(Self {
            session_id: session.parse().ok()?,
            counter: counter.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_makes_another_token() {
        let token = RefreshToken {
            session_id: SessionId::from(kit_values::Uuid::nil()),
            counter: 3,
        };
        let seal = |key: &[u8]| token.seal(&hmac::Key::new(hmac::HMAC_SHA256, key));
        assert!(seal(b"one").expose().starts_with("v1.ses_"));
        assert_ne!(seal(b"one"), seal(b"two"));
    }

    #[test]
    fn a_token_opens_with_its_key_alone() {
        let token = RefreshToken {
            session_id: SessionId::from(kit_values::Uuid::nil()),
            counter: 3,
        };
        let (ours, theirs) = (
            hmac::Key::new(hmac::HMAC_SHA256, b"ours"),
            hmac::Key::new(hmac::HMAC_SHA256, b"theirs"),
        );
        let text = token.seal(&ours).expose().clone();
        assert_eq!(RefreshToken::open(&text, &ours), Some(token));
        assert_eq!(RefreshToken::open(&text, &theirs), None);
        for forged in [
            "",
            "v1",
            "v1.ses_x.3.AAAA",
            &text.replace(".3.", ".4."),
            &format!("{text}A"),
            &text[1..],
        ] {
            assert_eq!(RefreshToken::open(forged, &ours), None, "{forged}");
        }
    }
}
