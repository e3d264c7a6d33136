//! The address of somebody else's server, as far as it can be looked at without asking who has its name.

use http::uri::PathAndQuery;
use kit_config::BaseUrl;
use kit_rpc::pool::is_public;
use url::{Host, Url};

const LONGEST: usize = 2_048;

/// Names that no public server has (RFC 6761, RFC 6762, and what ICANN has set aside for private use).
const PRIVATE_SUFFIXES: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "onion"];

/// What addresses an operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UrlRules {
    /// Also without TLS.
    pub allow_http: bool,
    /// Also on this machine and in the operator's network.
    pub allow_private: bool,
}

/// An address to which webhooks are sent, in its one written form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookUrl {
    text: String,
    server: BaseUrl,
    /// Path and query.
    target: PathAndQuery,
}

impl WebhookUrl {
    /// Reads an address; what is wrong with it.
    pub(crate) fn parse(text: &str, rules: UrlRules) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("must have at most 2048 characters");
        }
        let url = Url::parse(text).map_err(|_| "must be a URL such as `https://shop.example.com/hooks`")?;
        match url.scheme() {
            "https" => {}
            "http" if rules.allow_http => {}
            _ => return Err("must begin with `https://`"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password");
        }
        if url.fragment().is_some() {
            return Err("must not have a fragment");
        }
        check_host(url.host().as_ref(), rules)?;
        check_port(url.port_or_known_default())?;
        let server = url.origin().ascii_serialization().parse();
        let target = url[url::Position::BeforePath..].parse();
        let (Ok(server), Ok(target)) = (server, target) else {
            return Err("must be a URL such as `https://shop.example.com/hooks`");
        };
        Ok(Self {
            text: url.into(),
            server,
            target,
        })
    }

    /// The whole of it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port.
    pub(crate) fn server(&self) -> &BaseUrl {
        &self.server
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &PathAndQuery {
        &self.target
    }
}

fn check_host(host: Option<&Host<&str>>, rules: UrlRules) -> Result<(), &'static str> {
    const NOT_PUBLIC: &str = "must be an address of the public internet";
    let is_fine = match host {
        None => return Err("must have a host"),
        Some(_) if rules.allow_private => true,
        Some(Host::Ipv4(address)) => is_public((*address).into()),
        Some(Host::Ipv6(address)) => is_public((*address).into()),
        Some(Host::Domain(name)) => is_public_name(name.trim_end_matches('.')),
    };
    if is_fine { Ok(()) } else { Err(NOT_PUBLIC) }
}

fn is_public_name(name: &str) -> bool {
    let is_below = |suffix: &&str| {
        let rest = name.strip_suffix(suffix);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    // A name of one label is looked for in the operator's own domain.
    name.contains('.') && !PRIVATE_SUFFIXES.iter().any(is_below)
}

/// Ports below 1024 belong to other protocols, whose servers may make something of what they are sent.
fn check_port(port: Option<u16>) -> Result<(), &'static str> {
    match port {
        Some(80 | 443 | 1024..) => Ok(()),
        _ => Err("must have port 80, 443, or one from 1024 on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: UrlRules = UrlRules {
        allow_http: true,
        allow_private: true,
    };

    const NOT_PUBLIC: [&str; 20] = [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "printer.local",
        "db.internal",
        "router.home.arpa",
        "intranet",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[64:ff9b::10.0.0.1]",
    ];

    fn problem(text: &str) -> &'static str {
        WebhookUrl::parse(text, UrlRules::default())
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn a_public_address_has_one_written_form() {
        for (text, written, server, target) in [
            (
                "https://Shop.Example.com",
                "https://shop.example.com/",
                "https://shop.example.com",
                "/",
            ),
            (
                "https://shop.example.com:443/a b?x=1",
                "https://shop.example.com/a%20b?x=1",
                "https://shop.example.com",
                "/a%20b?x=1",
            ),
            (
                "https://müller.example:8443/",
                "https://xn--mller-kva.example:8443/",
                "https://xn--mller-kva.example:8443",
                "/",
            ),
            (
                "https://8.8.8.8/x/../y",
                "https://8.8.8.8/y",
                "https://8.8.8.8",
                "/y",
            ),
            (
                "https://[2606:4700::1]:8443/?a",
                "https://[2606:4700::1]:8443/?a",
                "https://[2606:4700::1]:8443",
                "/?a",
            ),
        ] {
            let url = WebhookUrl::parse(text, UrlRules::default()).unwrap();
            assert_eq!(url.as_str(), written);
            assert_eq!(url.server().as_str(), server);
            assert_eq!(url.target().as_str(), target);
        }
    }

    #[test]
    fn what_is_not_public_or_not_https_is_refused() {
        for host in NOT_PUBLIC {
            assert_eq!(
                problem(&format!("https://{host}/")),
                "must be an address of the public internet",
                "{host}"
            );
            assert!(
                WebhookUrl::parse(&format!("http://{host}:8080/"), FREE).is_ok(),
                "{host}"
            );
        }
        for (text, expected) in [
            ("http://shop.example.com/", "must begin with `https://`"),
            ("ftp://shop.example.com/", "must begin with `https://`"),
            ("file:///etc/passwd", "must begin with `https://`"),
            (
                "https://user@shop.example.com/",
                "must not hold a user or a password",
            ),
            (
                "https://:secret@shop.example.com/",
                "must not hold a user or a password",
            ),
            ("https://shop.example.com/#a", "must not have a fragment"),
            (
                "https://shop.example.com:25/",
                "must have port 80, 443, or one from 1024 on",
            ),
            (
                "https://shop.example.com:0/",
                "must have port 80, 443, or one from 1024 on",
            ),
            (
                "shop.example.com",
                "must be a URL such as `https://shop.example.com/hooks`",
            ),
            (
                "https://",
                "must be a URL such as `https://shop.example.com/hooks`",
            ),
            (
                "https://a b/",
                "must be a URL such as `https://shop.example.com/hooks`",
            ),
            (
                "https://shop.example.com:99999/",
                "must be a URL such as `https://shop.example.com/hooks`",
            ),
        ] {
            assert_eq!(problem(text), expected, "{text}");
        }
        assert_eq!(
            problem(&format!("https://shop.example.com/{}", "x".repeat(2_048))),
            "must have at most 2048 characters"
        );
        assert_eq!(
            WebhookUrl::parse("ftp://shop.example.com/", FREE),
            Err("must begin with `https://`")
        );
    }

    #[test]
    fn nothing_in_an_address_begins_another_header() {
        for text in [
            "https://shop.example.com/\r\nX: y",
            "https://shop.example.com/?\nX: y",
            "https://shop.example.com\r\n/",
        ] {
            if let Ok(url) = WebhookUrl::parse(text, UrlRules::default()) {
                assert!(!url.target().as_str().contains(char::is_control), "{text:?}");
            }
        }
    }
}
