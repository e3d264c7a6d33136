//! Where a payer may be sent after a checkout.

const LONGEST: usize = 2_000;

/// The origins to which payers may be sent, such as `https://shop.example.com`: the platform's own, and listed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origins(pub Vec<String>);

impl Origins {
    /// Whether a payer may be sent there. The origin is compared as it is written and to its end, so that neither
    /// `https://shop.example.com.evil.example` nor credentials pass.
    pub(crate) fn check(&self, url: &str) -> Result<(), &'static str> {
        let is_text = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !is_text || url.len() > LONGEST {
            return Err("must be a URL");
        }
        let is_of = |origin: &String| {
            let rest = url.strip_prefix(origin.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
        };
        if self.0.iter().any(is_of) {
            Ok(())
        } else {
            Err("must be an address of the platform, or of a listed origin")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payer_is_sent_to_own_addresses_alone() {
        let origins = Origins(vec![
            "https://shop.example.com".to_owned(),
            "http://localhost:5173".to_owned(),
        ]);
        for url in [
            "https://shop.example.com",
            "https://shop.example.com/orders/1?paid=1",
            "https://shop.example.com?x",
            "http://localhost:5173/#done",
        ] {
            assert_eq!(origins.check(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "/orders",
            "//evil.example",
            "https://evil.example",
            "https://shop.example.com.evil.example",
            "https://shop.example.com@evil.example",
            "https://shop.example.com:444/",
            "http://shop.example.com/",
            "https://shop.example.com\\@evil.example",
            "https://shop.example.com/a b",
            "javascript:alert(1)",
            "https://shop.example.com/\n",
            "HTTPS://shop.example.com/",
        ] {
            assert!(origins.check(url).is_err(), "{url}");
        }
        let long = format!("https://shop.example.com/{}", "x".repeat(LONGEST));
        assert!(origins.check(&long).is_err());
    }
}
