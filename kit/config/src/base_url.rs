//! The address of another server, to which paths are appended.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::value::{Accepts, Kind, Mismatch, Raw, Value};

/// An `http` or `https` URL without query, fragment and credentials, kept without a trailing slash:
/// `https://auth.example.com:8443/prefix`.
///
/// It is parsed by hand because so little is allowed: a host name, an IP address, a port, a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl {
    text: String,
    authority: std::ops::Range<usize>,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BaseUrlError(&'static str);

impl BaseUrl {
    /// The whole URL, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// Host and port as written, as a `Host` header carries them.
    pub fn authority(&self) -> &str {
        &self.text[self.authority.clone()]
    }

    /// The host: a name, an IPv4 address, or an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        let (host, _) = split_port(self.authority());
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, by default that of the scheme.
    pub fn port(&self) -> u16 {
        let (_, port) = split_port(self.authority());
        port.and_then(|port| port.parse().ok())
            .unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// The path before those appended: empty, or with a leading and no trailing slash.
    pub fn path_prefix(&self) -> &str {
        &self.text[self.authority.end..]
    }

    /// The URL with a path (and query) appended; `path` starts with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

/// Splits off `:port`, minding the colons of an IPv6 address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    !host.is_empty()
        && host.len() <= 253
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or(BaseUrlError("it has no scheme; begin with `http://`"))?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err(BaseUrlError("its scheme is neither `http` nor `https`"));
        }
        if rest.contains(['?', '#']) {
            return Err(BaseUrlError("it has a query or a fragment"));
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(BaseUrlError("it has a character that no URL has"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(BaseUrlError("it has credentials"));
        }
        let (host, port) = split_port(authority);
        if !is_host(host) {
            return Err(BaseUrlError("its host is neither a name nor an address"));
        }
        if port
            .is_some_and(|port| port.starts_with('+') || port.parse::<u16>().map_or(true, |port| port == 0))
        {
            return Err(BaseUrlError("its port is not a number from 1 to 65535"));
        }
        let start = scheme.len() + "://".len();
        let text = format!(
            "{scheme}://{}{}",
            authority.to_ascii_lowercase(),
            path.trim_end_matches('/')
        );
        Ok(Self {
            text,
            authority: start..start + authority.len(),
        })
    }
}

impl Value for BaseUrl {
    fn kind() -> Kind {
        let schema = json!({"type": "string", "pattern": "^https?://[^/?#@]+(/[^?#]*)?$"});
        Kind::new(
            "URL",
            "an `http` or `https` URL such as `http://127.0.0.1:8081`",
            schema,
        )
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        let text = raw
            .scalar(Accepts::Text)
            .ok_or_else(|| Mismatch::expected::<Self>(raw))?;
        text.parse().map_err(|error: BaseUrlError| {
            let mut mismatch = Mismatch::expected::<Self>(raw);
            for fault in &mut mismatch.0 {
                fault.message = format!("{}, but {error}", fault.message);
                // Before an `@` there may be a password.
                fault.got.take_if(|_| text.contains('@'));
            }
            mismatch
        })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: String) -> Result<Self, BaseUrlError> {
        text.parse()
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_taken_apart() {
        let url: BaseUrl = "HTTPS://Auth.Example.com:8443/Prefix/".parse().unwrap();
        assert_eq!(url.as_str(), "https://auth.example.com:8443/Prefix");
        assert_eq!(
            (url.authority(), url.host(), url.port()),
            ("auth.example.com:8443", "auth.example.com", 8443)
        );
        assert_eq!((url.path_prefix(), url.is_https()), ("/Prefix", true));
        assert_eq!(url.join("/x?y=1"), "https://auth.example.com:8443/Prefix/x?y=1");

        let url: BaseUrl = "http://[::1]/".parse().unwrap();
        assert_eq!(
            (url.as_str(), url.authority(), url.host(), url.port()),
            ("http://[::1]", "[::1]", "::1", 80)
        );
        assert_eq!("http://[::1]:81".parse::<BaseUrl>().unwrap().port(), 81);
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for text in [
            "",
            "auth:8081",
            "ftp://auth",
            "http://",
            "http:///x",
            "http://a b",
            "http://a\\b",
            "http://a?b=c",
            "http://a#b",
            "http://user:pass@a",
            "http://a:",
            "http://a:0",
            "http://a:65536",
            "http://a:+1",
            "http://[::1",
            "http://::1",
            "http://[zz]",
            "http://ä",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
