//! The key by which our processes know each other.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::{HeaderMap, HeaderName, HeaderValue};
use kit_runtime::Secret;
use thiserror::Error;

/// The header that carries the key.
pub const INTERNAL_KEY: HeaderName = HeaderName::from_static("x-internal-key");

const SHORTEST_KEY: usize = 32;

/// The internal API keys: the first is sent, any is accepted. To rotate without a gap, give every process
/// old and new, then new and old, then new alone. A cheap handle.
#[derive(Clone)]
pub struct InternalKeys(Arc<[HeaderValue]>);

/// Why keys cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InternalKeysError {
    /// No key is configured.
    #[error("there is no internal key")]
    None,
    /// A key is too short to withstand guessing.
    #[error("an internal key has fewer than {SHORTEST_KEY} characters")]
    TooShort,
    /// One does not fit in a header.
    #[error("an internal key has characters other than visible ASCII")]
    NotVisibleAscii,
}

impl InternalKeys {
    /// Keys of at least 32 visible ASCII characters, the one to send first.
    pub fn new(keys: Vec<Secret<String>>) -> Result<Self, InternalKeysError> {
        if keys.is_empty() {
            return Err(InternalKeysError::None);
        }
        let keys = keys.into_iter().map(|key| as_header(&key));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// The value to send, marked as sensitive.
    pub fn to_send(&self) -> HeaderValue {
        // There is always one; a missing key would be refused like a wrong one.
        self.0.first().cloned().unwrap_or(HeaderValue::from_static(""))
    }

    /// Whether a request comes from one of us: it has exactly one key, and it is one of these. How long the
    /// comparison takes tells nothing but the keys' lengths.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(INTERNAL_KEY).iter();
        let (Some(given), None) = (given.next(), given.next()) else {
            return false;
        };
        let compare = |key: &HeaderValue| verify_slices_are_equal(key.as_bytes(), given.as_bytes()).is_ok();
        self.0.iter().fold(false, |found, key| found | compare(key))
    }
}

fn as_header(key: &Secret<String>) -> Result<HeaderValue, InternalKeysError> {
    let key = key.expose();
    if key.len() < SHORTEST_KEY {
        return Err(InternalKeysError::TooShort);
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InternalKeysError::NotVisibleAscii);
    }
    let mut value = HeaderValue::from_str(key).map_err(|_| InternalKeysError::NotVisibleAscii)?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for InternalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InternalKeys(<{} secret>)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[&str]) -> Result<InternalKeys, InternalKeysError> {
        InternalKeys::new(keys.iter().map(|key| Secret::new((*key).to_owned())).collect())
    }

    fn headers(given: &[&str]) -> HeaderMap {
        let pairs = given
            .iter()
            .map(|key| (INTERNAL_KEY, HeaderValue::from_str(key).unwrap()));
        let mut headers = HeaderMap::new();
        headers.extend(pairs);
        headers
    }

    const OLD: &str = "old-key-old-key-old-key-old-key-old-key";
    const NEW: &str = "new-key-new-key-new-key-new-key-new-key";

    #[test]
    fn weak_keys_are_refused() {
        assert_eq!(keys(&[]).unwrap_err(), InternalKeysError::None);
        assert_eq!(keys(&[OLD, "short"]).unwrap_err(), InternalKeysError::TooShort);
        let spaced = "a key with blanks that is long enough to pass";
        assert_eq!(keys(&[spaced]).unwrap_err(), InternalKeysError::NotVisibleAscii);
    }

    #[test]
    fn the_first_is_sent_and_each_is_admitted() {
        let both = keys(&[NEW, OLD]).unwrap();
        assert_eq!(both.to_send(), NEW);
        assert!(both.admit(&headers(&[OLD])));
        assert!(both.admit(&headers(&[NEW])));
        assert!(!keys(&[NEW]).unwrap().admit(&headers(&[OLD])));
    }

    #[test]
    fn a_missing_a_partial_and_a_doubled_key_are_not_admitted() {
        let one = keys(&[OLD]).unwrap();
        assert!(!one.admit(&HeaderMap::new()));
        assert!(!one.admit(&headers(&[&OLD[1..]])));
        assert!(!one.admit(&headers(&[""])));
        assert!(!one.admit(&headers(&[OLD, OLD])));
    }

    #[test]
    fn keys_are_never_printed() {
        let keys = keys(&[OLD]).unwrap();
        assert!(!format!("{keys:?} {:?}", keys.to_send()).contains("old-key"));
    }
}
