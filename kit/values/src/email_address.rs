//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

use schemars::json_schema;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

const MOST_BYTES: usize = 254;
const MOST_LOCAL_BYTES: usize = 64;

/// An e-mail address: plausible, and the same however it is cased.
///
/// It is what a mail server could deliver to: one `@`, a local part of printable characters without spaces, and
/// a domain of dotted labels. Whether it exists, only a mail to it can tell. It is kept without blanks around
/// it, in Unicode's composed form (NFC), with the domain in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// A text is no address.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be an e-mail address")]
pub struct EmailAddressError;

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What must be unique. Servers that tell `Ada@` from `ada@` are not known to exist.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = EmailAddressError;

    fn from_str(text: &str) -> Result<Self, EmailAddressError> {
        // Bounded before it is looked at any closer; composing makes a text shorter, by how much is bounded.
        if text.len() > MOST_BYTES * 4 {
            return Err(EmailAddressError);
        }
        let text: String = text.trim().nfc().collect();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailAddressError)?;
        if text.len() > MOST_BYTES || !is_local_part(local) || !is_domain(domain) {
            return Err(EmailAddressError);
        }
        Ok(Self(format!("{local}@{}", domain.to_lowercase())))
    }
}

fn is_local_part(local: &str) -> bool {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c);
    (1..=MOST_LOCAL_BYTES).contains(&local.len())
        && local.chars().all(is_plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

// `idn-email`: RFC 6531 allows letters of every script, which `email` (RFC 5321) does not.
crate::text_form!(
    EmailAddress,
    json_schema!({ "type": "string", "format": "idn-email", "maxLength": MOST_BYTES })
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_plausible_and_has_one_key() {
        for good in ["a@example.com", "o'neil+tag@sub.example.co", "jörg@müller.de"] {
            assert_eq!(good.parse::<EmailAddress>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "nope",
            "@example.com",
            "a@",
            "a@b",
            "a b@example.com",
            "a@exa mple.com",
            ".a@example.com",
            "a@-b.com",
            "a@b..com",
            "a@@example.com",
            "a\n@example.com",
            &format!("{}@example.com", "x".repeat(65)),
            &format!("a@{}com", "example.".repeat(32)),
        ] {
            assert_eq!(bad.parse::<EmailAddress>(), Err(EmailAddressError), "{bad}");
        }
        let shouted: EmailAddress = " Ada@EXAMPLE.com ".parse().unwrap();
        assert_eq!(shouted.as_str(), "Ada@example.com");
        assert_eq!(shouted.key(), "ada@example.com");
    }

    #[test]
    fn two_ways_to_type_a_letter_are_one_address() {
        let composed: EmailAddress = serde_json::from_str("\"jo\u{308}rg@example.com\"").unwrap();
        assert_eq!(composed.as_str(), "j\u{f6}rg@example.com");
        assert_eq!(
            serde_json::to_string(&composed).unwrap(),
            "\"j\u{f6}rg@example.com\""
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}@?[a-zA-Z.-]{0,24}") {
            let _ = text.parse::<EmailAddress>();
        }

        #[test]
        fn what_is_kept_is_read_as_itself(local in "[A-Za-z0-9+']{1,20}", domain in "[A-Za-z]{1,20}\\.[A-Z]{2}") {
            let address: EmailAddress = format!("{local}@{domain}").parse().unwrap();
            prop_assert_eq!(address.as_str().parse(), Ok(address.clone()));
        }
    }
}
