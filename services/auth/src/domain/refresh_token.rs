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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_makes_another_token() {
        let token = RefreshToken {
            session_id: SessionId::from(kit_runtime::Uuid::nil()),
            counter: 3,
        };
        let seal = |key: &[u8]| token.seal(&hmac::Key::new(hmac::HMAC_SHA256, key));
        assert!(seal(b"one").expose().starts_with("v1.ses_"));
        assert_ne!(seal(b"one"), seal(b"two"));
    }
}
