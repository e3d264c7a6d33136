//! A request that is signed as S3 wants it (AWS Signature Version 4): as little of it as asks whether a server knows a
//! password.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// MinIO takes any region where it has none of its own.
const SCOPE: &str = "us-east-1/s3/aws4_request";

const SIGNED_HEADERS: &str = "host;x-amz-content-sha256;x-amz-date";

/// A `GET` whose path and query need no escapes; the query's names are sorted.
pub(super) struct SignedGet {
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: &'static str,
}

impl SignedGet {
    /// Sends it; the first line of the answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature is of the moment, by the machine's clock"
    )]
    pub(super) fn send(&self, mut stream: TcpStream, (key, secret): (&str, &str)) -> anyhow::Result<String> {
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let request = self.text(&time, (key, secret))?;
        stream.write_all(request.as_bytes())?;
        let mut status = String::new();
        BufReader::new(stream)
            .read_line(&mut status)
            .context("no answer")?;
        Ok(status.trim_end().to_owned())
    }

    fn text(&self, time: &str, (key, secret): (&str, &str)) -> anyhow::Result<String> {
        let Self { host, path, query } = self;
        let body = hex::encode(Sha256::digest(b""));
        let canonical = format!(
            "GET\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{body}\nx-amz-date:{time}\n\n{SIGNED_HEADERS}\n{body}"
        );
        let day = &time[..8];
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{time}\n{day}/{SCOPE}\n{}",
            hex::encode(Sha256::digest(canonical))
        );
        let mut signature = format!("AWS4{secret}").into_bytes();
        for part in std::iter::once(day).chain(SCOPE.split('/')) {
            signature = mac(&signature, part)?;
        }
        let signature = hex::encode(mac(&signature, &to_sign)?);
        Ok(format!(
            "GET {path}?{query} HTTP/1.1\r\nhost: {host}\r\nx-amz-content-sha256: {body}\r\nx-amz-date: {time}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={key}/{day}/{SCOPE}, SignedHeaders={SIGNED_HEADERS}, \
             Signature={signature}\r\nconnection: close\r\n\r\n"
        ))
    }
}

fn mac(key: &[u8], text: &str) -> anyhow::Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_as_the_publishers_example_is() {
        // "GET Bucket Lifecycle" of the documentation of Signature Version 4 for S3.
        let request = SignedGet {
            host: "examplebucket.s3.amazonaws.com".to_owned(),
            path: "/".to_owned(),
            query: "lifecycle=",
        };
        let (key, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let text = request.text("20130524T000000Z", (key, secret)).unwrap();
        let signature = "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543\r\n";
        assert!(text.contains(signature), "{text}");
    }
}
