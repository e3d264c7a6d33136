//! Where spans go.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use kit_config::BaseUrl;
use kit_rpc::pool::Trust;
use thiserror::Error;

/// How spans are exported.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// The collector; `/v1/traces` is appended.
    pub endpoint: BaseUrl,
    /// Sent along, for collectors that want to know who speaks.
    pub headers: Headers,
    /// How long a request to the collector may take.
    pub time_limit: Duration,
    /// How long a span waits for others at most.
    pub interval: Duration,
    /// Whose certificates are believed where the collector is `https`.
    pub trust: Trust,
}

/// Headers for the collector. Their values are secrets.
#[derive(Clone, Default)]
pub struct Headers(pub(crate) HeaderMap);

/// They are not `name=value`, separated by commas.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be `name=value`, separated by commas")]
pub struct HeadersError;

/// The form of `OTEL_EXPORTER_OTLP_HEADERS`: values may be percent-encoded.
impl FromStr for Headers {
    type Err = HeadersError;

    fn from_str(text: &str) -> Result<Self, HeadersError> {
        let mut headers = HeaderMap::new();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(HeadersError)?;
            let value = percent_encoding::percent_decode_str(value.trim());
            let mut value = HeaderValue::from_bytes(&value.collect::<Vec<u8>>()).map_err(|_| HeadersError)?;
            value.set_sensitive(true);
            let name = HeaderName::from_str(name.trim()).map_err(|_| HeadersError)?;
            headers.insert(name, value);
        }
        Ok(Self(headers))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_pairs_whose_values_stay_secret() {
        let headers: Headers = "Authorization=Bearer%20abc, x-team = shop,".parse().unwrap();
        assert_eq!(headers.0["authorization"], "Bearer abc");
        assert_eq!(headers.0["x-team"], "shop");
        assert_eq!(format!("{headers:?}"), r#"["authorization", "x-team"]"#);
        for bad in ["authorization", "a b=c", "=c", "x=%0A"] {
            assert_eq!(bad.parse::<Headers>().err(), Some(HeadersError), "{bad}");
        }
    }
}
