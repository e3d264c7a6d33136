//! Signatures of S3 (AWS Signature Version 4): of requests, in a header, and of addresses, in their query.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use kit_runtime::{Secret, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is not unreserved (RFC 3986, 2.3), as the signature asks for it.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Who signs, and for which region.
pub struct Signer {
    /// The identifier of the key.
    pub access_key: String,
    /// And its secret.
    pub secret_key: Secret<String>,
    /// The region of the server.
    pub region: String,
}

/// What of a request is signed.
pub(crate) struct Signed<'a> {
    pub method: &'a str,
    /// Encoded.
    pub path: &'a str,
    /// Encoded, and in the order of the names.
    pub query: &'a str,
    /// In lower case, and in the order of the names.
    pub headers: &'a [(&'a str, &'a str)],
    /// Of the body, in hexadecimal.
    pub body_hash: &'a str,
    /// As [`basic`] writes it.
    pub moment: &'a str,
}

/// What an address is signed for.
pub struct Presigned<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Host and port, as clients send them.
    pub host: &'a str,
    /// Not encoded.
    pub path: &'a str,
    /// From when on.
    pub at: Timestamp,
    /// For how many seconds.
    pub expires_in: u32,
}

impl Signer {
    /// The value of `Authorization`.
    pub(crate) fn authorization(&self, request: &Signed<'_>) -> String {
        let names: Vec<_> = request.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, request.query);
        for (name, value) in request.headers {
            // Writing to a text does not fail.
            let _ = writeln!(canonical, "{name}:{}", value.trim());
        }
        let _ = write!(canonical, "\n{names}\n{}", request.body_hash);
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={}",
            self.access_key,
            self.scope(request.moment),
            self.signature(request.moment, &canonical)
        )
    }

    /// The path and query of an address whose bearer may do as it says; nothing is said of the body.
    pub fn presigned(&self, address: &Presigned<'_>) -> String {
        let moment = basic(address.at);
        let path = encoded_path(address.path);
        let credential = format!("{}/{}", self.access_key, self.scope(&moment));
        let query = encoded_query(&[
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &moment),
            ("X-Amz-Expires", &address.expires_in.to_string()),
            ("X-Amz-SignedHeaders", "host"),
        ]);
        let (method, host) = (address.method, address.host);
        let canonical = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        let signature = self.signature(&moment, &canonical);
        format!("{path}?{query}&X-Amz-Signature={signature}")
    }

    fn scope(&self, moment: &str) -> String {
        format!("{}/{}/s3/aws4_request", &moment[..8], self.region)
    }

    fn signature(&self, moment: &str, canonical: &str) -> String {
        let (scope, hash) = (self.scope(moment), hash_of(canonical.as_bytes()));
        let to_sign = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hash}");
        hex::encode(sign(&self.key(&moment[..8]), to_sign.as_bytes()))
    }

    fn key(&self, day: &str) -> Key {
        let first = format!("AWS4{}", self.secret_key.expose());
        let first = Key::new(HMAC_SHA256, first.as_bytes());
        let parts = [day, &self.region, "s3", "aws4_request"];
        parts.into_iter().fold(first, |key, part| {
            Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref())
        })
    }
}

/// The hexadecimal SHA-256.
pub(crate) fn hash_of(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// A path of which each segment may hold anything.
pub(crate) fn encoded_path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED_IN_PATH).to_string()
}

/// A query in the order of its names.
pub(crate) fn encoded_query(pairs: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, RESERVED);
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    let mut pairs: Vec<String> = pairs.collect();
    pairs.sort();
    pairs.join("&")
}

/// `20300101T000000Z` (ISO 8601, basic).
pub(crate) fn basic(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    let plain = seconds.chars().filter(|sign| !matches!(sign, '-' | ':' | 'Z'));
    let mut plain: String = plain.collect();
    plain.push('Z');
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the examples of Amazon's pages.
    fn signer() -> Signer {
        Signer {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            region: "us-east-1".to_owned(),
        }
    }

    /// The example of Amazon's page "Authenticating Requests: Using Query Parameters".
    #[test]
    fn an_address_is_signed_as_the_standard_says() {
        let at: Timestamp = "2013-05-24T00:00:00.000000Z".parse().unwrap();
        assert_eq!(basic(at), "20130524T000000Z");
        let address = Presigned {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/test.txt",
            at,
            expires_in: 86_400,
        };
        assert_eq!(
            signer().presigned(&address),
            "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&\
             X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&\
             X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&\
             X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    /// The examples of Amazon's page "Authenticating Requests: Using the Authorization Header".
    #[test]
    fn requests_are_signed_as_the_standard_says() {
        let signer = signer();
        let at: Timestamp = "2013-05-24T00:00:00.000000Z".parse().unwrap();
        let (moment, body_hash) = (basic(at), hash_of(b""));
        let list = Signed {
            method: "GET",
            path: "/",
            query: &encoded_query(&[("prefix", "J"), ("max-keys", "2")]),
            headers: &[
                ("host", "examplebucket.s3.amazonaws.com"),
                ("x-amz-content-sha256", &body_hash),
                ("x-amz-date", &moment),
            ],
            body_hash: &body_hash,
            moment: &moment,
        };
        assert_eq!(
            signer.authorization(&list),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
             Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn what_is_not_plain_is_encoded() {
        assert_eq!(encoded_path("/b/a b/ü?~+%"), "/b/a%20b/%C3%BC%3F~%2B%25");
        assert_eq!(
            encoded_query(&[("prefix", "a/b"), ("a", ""), ("A", "&")]),
            "A=%26&a=&prefix=a%2Fb"
        );
    }
}
