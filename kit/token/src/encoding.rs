//! The two encodings of a token, in their strict forms: base64url and JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

/// base64url without padding (RFC 7515, section 2).
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64url text. Padding, white space, other alphabets and unused bits that are not zero are
/// refused, so that one value has one text.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Reads a JSON object. A derived `Deserialize` would take an array of the fields' values as well, which no
/// standard allows here.
pub(crate) fn from_json_object<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    let first = json
        .iter()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if first != Some(&b'{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_base64url_text() {
        assert_eq!(from_base64url("_-8"), Some(vec![0xFF, 0xEF]));
        for other in ["/+8", "_-8=", "_-9", " _-8", "_-8\n", "_-", "_"] {
            let decoded = from_base64url(other);
            assert_ne!(decoded, Some(vec![0xFF, 0xEF]), "{other:?}");
        }
    }

    #[test]
    fn an_array_is_not_read_as_an_object() {
        #[derive(serde::Deserialize)]
        struct Pair {
            one: u8,
            two: u8,
        }
        let sum = |json: &[u8]| from_json_object::<Pair>(json).map(|pair| pair.one + pair.two);
        assert_eq!(sum(b" {\"one\":1,\"two\":2}"), Ok(3));
        assert!(sum(b"[1,2]").is_err());
        assert!(sum(b"{\"one\":1,\"two\":2}x").is_err());
        assert!(sum(b"").is_err());
    }
}
